import { reactor, type SinkPlugin } from "@atlas/plugins";
import { createFakeClock } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { createGateway, silentLogger } from "../src/index.ts";
import { notesModule } from "./support/notes-module.ts";

async function open(sinks: readonly SinkPlugin[], clock = createFakeClock()) {
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    clock,
    modules: [notesModule],
    sinks,
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

/** Delivers each event twice, as after an acknowledgement that got lost. `delivered` resolves after the first event. */
function twice(sink: SinkPlugin) {
  const { promise: delivered, resolve } = Promise.withResolvers<void>();
  const delivering: SinkPlugin = {
    ...sink,
    async handle(event, ctx) {
      await sink.handle(event, ctx);
      await sink.handle(event, ctx);
      resolve();
    },
  };
  return { sink: delivering, delivered };
}

const said = { type: "domainEvent.emit", event: { type: "said", payload: {} } } as const;

it("takes effect once for an event that is delivered twice, also when its answer differs", async () => {
  let calls = 0;
  const { sink, delivered } = twice(
    reactor({
      id: "echo",
      on: ["said"],
      uses: [notesModule],
      handle() {
        calls += 1;
        return [{ type: "notes.add", text: `call ${calls}` }];
      },
    }),
  );
  const gateway = await open([sink]);
  await gateway.commands.enqueue(said);
  await delivered;
  expect(await gateway.repo.notes.list()).toEqual(["call 1"]);
  await gateway.stop();
  expect(calls).toBe(2);
  expect(gateway.health().sinks).toMatchObject([{ id: "echo", status: "ok" }]);
});

it("takes effect beside another one that answers the same event", async () => {
  const answering = (id: string) =>
    twice(
      reactor({ id, on: ["said"], uses: [notesModule], handle: () => [{ type: "notes.add", text: id }] }),
    );
  const echoes = [answering("first"), answering("second")];
  const gateway = await open(echoes.map(({ sink }) => sink));
  await gateway.commands.enqueue(said);
  await Promise.all(echoes.map(({ delivered }) => delivered));
  expect(await gateway.repo.notes.list()).toEqual(["first", "second"]);
});

it("sends what it returns as one unit, caused by the event and in its context", async () => {
  const gateway = await open([
    reactor({
      id: "echo",
      on: ["said"],
      uses: [notesModule],
      handle: async (_event, ctx) =>
        (await ctx.repo.notes.list()).length > 0
          ? []
          : [
              { type: "notes.add", text: "one" },
              { type: "notes.add", text: "two" },
            ],
    }),
  ]);
  const added = Promise.withResolvers<void>();
  await gateway.commands.enqueue(said, { context: { correlation_id: "corr-1" } });
  const look = async (): Promise<void> => {
    if ((await gateway.repo.notes.list()).length === 2) added.resolve();
    else setImmediate(() => void look());
  };
  await look();
  await added.promise;
  const { items } = await gateway.repo.listJournal({ limit: 100 });
  const sent = items.filter(({ type }) => type === "notes.add");
  expect(sent).toMatchObject([
    { actor: "sink:echo", cause: { kind: "event", depth: 1 }, context: { correlation_id: "corr-1" } },
    { actor: "sink:echo", cause: { kind: "event", depth: 1 }, context: { correlation_id: "corr-1" } },
  ]);
});

it("fails its delivery when its answer is refused", async () => {
  const gateway = await open([
    reactor({
      id: "echo",
      on: ["said"],
      uses: [notesModule],
      retry: { maxAttempts: 1 },
      handle: () => [{ type: "notes.add", text: "known" }],
    }),
  ]);
  await gateway.commands.enqueue({ type: "notes.add", text: "known" });
  await gateway.commands.enqueue(said);
  const isDead = async () => (await gateway.repo.plugins.listFailedDeliveries()).length > 0;
  while (!(await isDead())) await new Promise(setImmediate);
  expect(await gateway.repo.plugins.listFailedDeliveries()).toMatchObject([
    { sink_id: "echo", status: "dead", error: { code: "NOTES_KNOWN" } },
  ]);
});
