import { expect, it } from "vitest";
import { until } from "../../support/until.ts";
import { openHttp } from "../support/open-http.ts";

it("tells what happens to a job until it ends", async () => {
  let step: (() => void) | undefined;
  const { client, gateway } = await openHttp({
    workflows: [
      {
        id: "slow.v1",
        run: async (ctx: { progress(given: object): void }) => {
          ctx.progress({ done: 1, total: 2 });
          await new Promise<void>((resolve) => {
            step = resolve;
          });
          ctx.progress({ done: 2, total: 2 });
          return "done";
        },
      },
    ],
  });
  await gateway.pause({ workflow: "slow.v1" });
  const { id } = await client.jobs.create({ workflow_id: "slow.v1" });
  const events = client.jobs.follow(id)[Symbol.asyncIterator]();
  const next = async () => (await events.next()).value;
  expect(await next()).toMatchObject({ event: "status", job: { id, status: "queued" } });
  await gateway.resume({ workflow: "slow.v1" });
  const seen: unknown[] = [];
  for (let one = await next(); ; one = await next()) {
    seen.push(one.event === "progress" ? one.progress.done : `${one.event} ${one.job.status}`);
    if (one.event === "end") {
      expect(one.job).toMatchObject({ result: "done" });
      break;
    }
    if (seen.length === 2) (await until(() => step))();
  }
  expect(seen.filter((one) => typeof one === "string")).toEqual([
    "status running",
    "status succeeded",
    "end succeeded",
  ]);
  expect(seen).toContain(1);
  expect(await events.next()).toMatchObject({ done: true });
});

it("has one listener for all streams, and none afterwards", async () => {
  const { send, gateway, client } = await openHttp();
  const listening: string[] = [];
  const { on } = gateway.jobs;
  Object.assign(gateway.jobs, {
    on: ((name, listener) => {
      listening.push(name);
      const stop = on(name, listener);
      return () => {
        listening.splice(listening.indexOf(name), 1);
        stop();
      };
    }) satisfies typeof on,
  });
  const { id } = await client.jobs.create({ workflow_id: "ask/me.v1" });
  const bodies = [];
  for (let index = 0; index < 10; index += 1) bodies.push((await send("GET", `/jobs/${id}/events`)).body);
  expect(listening).toHaveLength(6);
  for (const body of bodies) await body?.cancel();
  expect(listening).toEqual([]);
});
