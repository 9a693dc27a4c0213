import { type Command, type CommandSink, CoreError, createStore, silentLogger } from "@atlas/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { trackCommands } from "../../src/calling/tracked-commands.ts";
import { labModule } from "../support/lab-module.ts";

async function openLab() {
  const store = await createStore({ database: ":memory:", modules: [labModule], log: silentLogger });
  onTestFinished(() => store.stop());
  return { store, tracked: trackCommands(store.commands, { actor: "test" }) };
}

const note = { type: "lab.note", text: "one" } as const;

describe("an attempted command", () => {
  it("gives its receipt, or the refusal, which fails nothing", async () => {
    const { store, tracked } = await openLab();
    expect(await tracked.commands.attempt(note)).toMatchObject({ changed: true });
    expect(await tracked.commands.attempt(note)).toEqual({
      refuse: "LAB_KNOWN",
      message: '"one" is known.',
      details: {},
    });
    await tracked.settled();
    expect(await store.repo.lab.count()).toBe(1);
    expect(tracked.sent).toEqual({ changed: 1, unchanged: 0 });
  });

  it("gives the refusal of a whole unit, of which nothing takes effect", async () => {
    const { store, tracked } = await openLab();
    await tracked.commands.enqueue(note);
    const unit = [{ type: "lab.note", text: "two" } as const, note];
    expect(await tracked.commands.attemptAll(unit)).toMatchObject({ refuse: "LAB_KNOWN" });
    expect(await tracked.commands.attemptAll([{ type: "lab.note", text: "three" }])).toHaveLength(1);
    await tracked.settled();
    expect(await store.repo.lab.count()).toBe(2);
    expect(tracked.sent).toEqual({ changed: 2, unchanged: 0 });
  });

  it("fails the call with a refusal when the same command is merely sent", async () => {
    const { tracked } = await openLab();
    await tracked.commands.attempt(note);
    await expect(tracked.commands.enqueue(note)).rejects.toMatchObject({ code: "LAB_KNOWN" });
    await expect(tracked.settled()).rejects.toMatchObject({ code: "LAB_KNOWN" });
  });

  it.each([
    ["ATLAS_CORE_STORAGE_FULL", { waitedMs: 1, outcome: "not applied" }],
    ["ATLAS_CORE_QUEUE_FULL", { queued: 1, queuedBytes: 1 }],
    ["ATLAS_CORE_STOPPED", {}],
  ] as const)("rejects with %s, and fails the call", async (code, details) => {
    const trouble = new CoreError(code, details as never, "No.");
    const failing: CommandSink<Command> = {
      enqueue: () => Promise.reject(trouble),
      enqueueAll: () => Promise.reject(trouble),
    };
    const tracked = trackCommands(failing, { actor: "test" });
    await expect(tracked.commands.attempt({ type: "maintenance.prune", policy: {} })).rejects.toBe(trouble);
    await expect(tracked.commands.attemptAll([])).rejects.toBe(trouble);
    await expect(tracked.settled()).rejects.toBe(trouble);
  });

  it("is refused once the call is over, without an unhandled rejection", async () => {
    const { store, tracked } = await openLab();
    tracked.end();
    void tracked.commands.attempt(note);
    await expect(tracked.commands.attempt(note)).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_CONTEXT_ENDED",
    });
    expect(await store.repo.lab.count()).toBe(0);
  });

  it("holds up the end of the call until it is settled", async () => {
    const answer = Promise.withResolvers<{ seq: number; changed: boolean }>();
    const slow: CommandSink<Command> = { enqueue: () => answer.promise, enqueueAll: async () => [] };
    const tracked = trackCommands(slow, { actor: "test" });
    void tracked.commands.attempt({ type: "maintenance.prune", policy: {} });
    let isSettled = false;
    const settled = tracked.settled().then(() => {
      isSettled = true;
    });
    await new Promise(setImmediate);
    expect(isSettled).toBe(false);
    answer.resolve({ seq: 1, changed: true });
    await settled;
  });
});
