import { expect, it, onTestFinished } from "vitest";
import { createGateway, silentLogger } from "../src/index.ts";
import { until } from "./support/until.ts";

it("creates the job of an event whose input was refused, once the cause is gone and it is redriven", async () => {
  let isBroken = true;
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    workflows: [
      {
        id: "work.v1",
        on: ["note.added"],
        inputOf({ payload }) {
          if (isBroken) throw Object.assign(new Error("no input"), { retryable: false });
          return payload;
        },
        run: async () => undefined,
      },
    ],
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const event = { type: "note.added", payload: { text: "a" } };
  await gateway.commands.enqueue({ type: "domainEvent.emit", event });
  const failed = await until(async () => (await gateway.repo.plugins.listFailedDeliveries())[0]);
  expect(failed).toMatchObject({ sink_id: "$on:work.v1", status: "dead" });
  expect(gateway.health().sinks).toMatchObject([{ id: "$on:work.v1", status: "failing" }]);
  isBroken = false;
  await gateway.sinks.redrive("$on:work.v1");
  const job = await until(() => gateway.jobs.get(`${failed.event_id}:work.v1`));
  expect(job).toMatchObject({ workflow_id: "work.v1", input: { text: "a" } });
  await expect(gateway.sinks.redrive("$on:wrk.v1")).rejects.toMatchObject({
    code: "ATLAS_PLUGINS_SINK_UNKNOWN",
  });
});
