import type { Job } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../src/index.ts";
import {
  createDelivery,
  createJobRunner,
  createPluginRegistry,
  createSourceRunner,
} from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

const throwing = Object.defineProperty(new Error("unseen"), "message", {
  get() {
    throw new Error("hostile");
  },
});

/** What plugins do that they should not, and what becomes known of it. */
const misdeeds: readonly (readonly [string, (ctx: WorkflowContext) => unknown, object])[] = [
  [
    "throws at once",
    () => {
      throw new Error("at once");
    },
    { message: "at once" },
  ],
  [
    "rejects with undefined",
    () => Promise.reject(undefined),
    { message: "The plugin threw undefined instead of an error." },
  ],
  [
    "rejects with null",
    () => Promise.reject(null),
    { message: "The plugin threw null instead of an error." },
  ],
  ["rejects with a text", () => Promise.reject("no luck"), { message: "no luck" }],
  [
    "rejects with an error that cannot be read",
    () => Promise.reject(throwing),
    { message: expect.any(String) },
  ],
  [
    "returns a thenable that throws",
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: this is the misdeed
      then() {
        throw new Error("in then");
      },
    }),
    { message: "in then" },
  ],
  [
    "returns a thenable that rejects after it resolved, and throws",
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: this is the misdeed
      then(_resolve: () => void, reject: (error: Error) => void) {
        reject(new Error("first"));
        reject(new Error("second"));
        throw new Error("third");
      },
    }),
    { message: "first" },
  ],
  [
    "enqueues what is no command",
    (ctx) => void ctx.commands.enqueue("rubbish" as never),
    { code: "ATLAS_CORE_COMMAND_INVALID" },
  ],
  [
    "enqueues a command that is not known",
    (ctx) => void ctx.commands.enqueue({ type: "entity.upsrt" } as never),
    { code: "ATLAS_CORE_COMMAND_UNKNOWN" },
  ],
  [
    "enqueues what is no JSON",
    (ctx) =>
      void ctx.commands.enqueue({
        type: "entity.upsert",
        entity: { type: "note", data: { big: 1n } as never },
      }),
    { code: "ATLAS_CORE_COMMAND_INVALID" },
  ],
  [
    "emits a hundred thousand commands in one go",
    (ctx) => {
      for (let number = 0; number < 100_000; number += 1)
        void ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "flood" } });
    },
    { code: "ATLAS_PLUGINS_TOO_MANY_COMMANDS" },
  ],
];

describe("a workflow that", () => {
  it.each(misdeeds)(
    "%s has failed, and another runs as ever",
    async (_, run, error) => {
      const opened = await openStore();
      const registry = createPluginRegistry();
      registry.registerWorkflow({
        id: "bad.v1",
        retry: { maxAttempts: 1 },
        run: (ctx) => run(ctx) as Promise<void>,
      });
      registry.registerWorkflow({
        id: "good.v1",
        run: async (ctx) => void (await ctx.emitArtifact({ type: "good" })),
      });
      const runner = createJobRunner({ ...opened, registry, llm: createMockLLM() });
      opened.store.onCommitted(runner.wake);
      await runner.start();
      const over = (id: string): Promise<Job> =>
        until(async () => {
          const job = await opened.repo.getJob(id);
          return job?.status === "succeeded" || job?.status === "failed" ? job : undefined;
        });
      await opened.commands.enqueue({ type: "job.create", job: { id: "bad", workflow_id: "bad.v1" } });
      expect(await over("bad")).toMatchObject({ status: "failed", error });
      await opened.commands.enqueue({ type: "job.create", job: { id: "good", workflow_id: "good.v1" } });
      expect(await over("good")).toMatchObject({ status: "succeeded" });
      await runner.stop(1_000);
    },
    30_000,
  );
});

describe("a source and a sink that", () => {
  it.each(misdeeds)(
    "%s have failed, and others go on",
    async (_, act, error) => {
      const clock = createFakeClock();
      const opened = await openStore({ clock });
      const registry = createPluginRegistry();
      registry.registerSource({ id: "bad", sync: (ctx) => act(ctx as never) as Promise<void> });
      registry.registerSource({ id: "good", sync: (ctx) => ctx.checkpoint("here") });
      const sources = createSourceRunner({ ...opened, registry });
      const how = await sources.sync().then(
        () => "synced",
        () => "failed",
      );
      expect(how).toBe("failed");
      expect(await opened.repo.plugins.getSourceCursor("good")).toBe("here");

      const seen: string[] = [];
      const delivery = createDelivery({
        ...opened,
        sinks: [
          { id: "bad", on: ["called"], handle: (_event, ctx) => act(ctx as never) as Promise<void> },
          { id: "good", on: ["called"], handle: async ({ type }) => void seen.push(type) },
        ],
      });
      await delivery.start();
      await opened.commands.enqueue({ type: "domainEvent.emit", event: { type: "called" } });
      await delivery.stop(1_000);
      expect(seen).toEqual(["called"]);
      expect(await opened.repo.plugins.listFailedDeliveries()).toMatchObject([{ sink_id: "bad", error }]);
    },
    30_000,
  );
});

it("becomes no unhandled rejection when everything that a plugin sends is refused", async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    const opened = await openStore();
    const refused = { type: "artifact.update", id: "missing", patch: {} } as const;
    const registry = createPluginRegistry();
    registry.registerSource({
      id: "careless",
      async sync(ctx) {
        void ctx.commands.enqueue(refused);
        void ctx.checkpoint("nowhere", [refused]);
      },
    });
    registry.registerWorkflow({
      id: "careless.v1",
      retry: { maxAttempts: 1 },
      async run(ctx) {
        void ctx.commands.enqueue(refused);
        void ctx.emitArtifact({ type: "" });
        void ctx.spawnJob({ workflow_id: "" });
        void ctx.waitForJobs(["nobody"]);
      },
    });
    const runner = createJobRunner({ ...opened, registry, llm: createMockLLM() });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    await opened.commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "careless.v1" } });
    await until(async () => (await opened.repo.getJob("j1"))?.status === "failed");
    await createSourceRunner({ ...opened, registry })
      .sync()
      .catch(() => undefined);
    await runner.stop(1_000);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});
