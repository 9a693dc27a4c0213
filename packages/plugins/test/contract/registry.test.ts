import { describe, expect, it } from "vitest";
import { defineWorkflow, reactor, type WorkflowPlugin } from "../../src/index.ts";
import { createPluginRegistry } from "../../src/runtime.ts";

const digest: WorkflowPlugin = { id: "digest.v1", run: async () => undefined };

describe("registry", () => {
  it("gives a plugin back by its id", () => {
    const registry = createPluginRegistry();
    registry.registerWorkflow(digest);
    expect(registry.workflow("digest.v1")).toBe(digest);
  });

  it("names the nearest id when one is unknown", () => {
    const registry = createPluginRegistry();
    registry.registerWorkflow(digest);
    expect(() => registry.workflow("digset.v1")).toThrow(
      expect.objectContaining({
        code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN",
        details: { id: "digset.v1", nearest: "digest.v1" },
        message: expect.stringContaining('Did you mean "digest.v1"?'),
      }),
    );
    expect(() => registry.source("git")).toThrow(
      expect.objectContaining({
        code: "ATLAS_PLUGINS_SOURCE_UNKNOWN",
        message: expect.stringContaining("No source"),
      }),
    );
  });

  it("refuses an id twice, but lets a source and a sink share one", () => {
    const registry = createPluginRegistry();
    registry.registerSource({ id: "git", sync: async () => undefined });
    registry.registerSink({ id: "git", handle: async () => undefined });
    expect(() => registry.registerSource({ id: "git", sync: async () => undefined })).toThrow(
      new TypeError('Two sources have the id "git". Give each its own id.'),
    );
  });

  it.each(["", " ", "-git", "a".repeat(101), "gît"])("refuses the id %j", (id) => {
    expect(() => createPluginRegistry().registerSink({ id, handle: async () => undefined })).toThrow(
      TypeError,
    );
  });

  it("refuses a plugin without its method", () => {
    const broken = { id: "broken" } as WorkflowPlugin;
    expect(() => createPluginRegistry().registerWorkflow(broken)).toThrow(
      'The workflow "broken" has no run method.',
    );
  });

  it("refuses one without its method, or with a wrong one, however it was defined", () => {
    const registry = createPluginRegistry();
    const workflow = (fields: object) => () =>
      registry.registerWorkflow(defineWorkflow({ id: "w", ...fields } as never));
    expect(workflow({})).toThrow('The workflow "w" has no run method.');
    expect(workflow({ rum: async () => undefined })).toThrow('Rename its "rum".');
    expect(workflow({ run: async () => undefined, on: ["a"], inputOf: "a" })).toThrow(
      'The workflow "w": inputOf must be a function of the event; got "a".',
    );
    const sink = (fields: object) => () => registry.registerSink(reactor({ id: "r", ...fields } as never));
    expect(sink({})).toThrow('The sink "r" has no handle method.');
    expect(sink({ handel: () => [] })).toThrow('Rename its "handel".');
  });

  it("keeps a workflow that is an instance of a class with its methods", async () => {
    class Counting {
      readonly id = "counting.v1";
      readonly start = 41;
      async run() {
        return this.next();
      }
      next() {
        return this.start + 1;
      }
    }
    const registry = createPluginRegistry();
    registry.registerWorkflow(defineWorkflow(new Counting()));
    expect(await registry.workflow("counting.v1").run({} as never, {}, "j1")).toBe(42);
  });

  it.each([
    ["my workflow", "my-workflow"],
    [" digest.v1 ", "digest.v1"],
    ["_hidden", "hidden"],
    ["ümlaut", "mlaut"],
  ])("suggests for the id %j the spelling %j", (id, better) => {
    const registry = createPluginRegistry();
    expect(() => registry.registerWorkflow({ id, run: async () => undefined })).toThrow(`Write "${better}".`);
  });

  it.each([
    ["timeoutMs", { timeoutMs: 0 }],
    ["timeoutMs", { timeoutMs: 2 ** 31 }],
    ["retry.maxAttempts", { retry: { maxAttempts: 1.5 } }],
    ["retry.firstDelayMs", { retry: { firstDelayMs: -1 } }],
    ["concurrency", { concurrency: 0 }],
    ["concurrency", { concurrency: -1 }],
    ["concurrency", { concurrency: Number.NaN }],
    ["concurrency", { concurrency: 1.5 }],
    ["input", { input: { parse: () => 1 } as never }],
    ["capabilities", { capabilities: "harness" as never }],
  ])("refuses a workflow whose %s cannot be kept", (name, options) => {
    const registry = createPluginRegistry();
    const register = () => registry.registerWorkflow({ id: "w", ...options, run: async () => undefined });
    expect(register).toThrow(TypeError);
    expect(register).toThrow(name);
    expect(register).toThrow('The workflow "w"');
  });

  it("suggests the method that was meant, and refuses what is no plugin", () => {
    const registry = createPluginRegistry();
    expect(() => registry.registerSource({ id: "s", sycn: async () => undefined } as never)).toThrow(
      'has no sync method. Rename its "sycn".',
    );
    expect(() => registry.registerSink(null as never)).toThrow("A sink must be an object with an id");
  });

  it.each([
    ["timeout", { timeout: 1 }, 'has no option "timeout". Did you mean "timeoutMs"?'],
    ["retry.maxAttempt", { retry: { maxAttempt: 1 } }, 'retry: "maxAttempt" is not an option.'],
    ["retry.attempts", { retry: { attempts: 1 } }, 'retry: "attempts" is not an option.'],
    ["schedule.every", { schedule: { everyMs: 1_000, every: 1 } }, 'schedule: "every" is not an option.'],
  ])("refuses the unknown option %s of a workflow, a source and a sink", (name, options, message) => {
    const registry = createPluginRegistry();
    const given = options as object;
    const noop = async () => undefined;
    expect(() => registry.registerWorkflow({ id: "w", ...given, run: noop })).toThrow(message);
    expect(() => registry.registerSource({ id: "s", ...given, sync: noop })).toThrow(message);
    if (!name.startsWith("schedule"))
      expect(() => registry.registerSink({ id: "k", ...given, handle: noop })).toThrow(message);
  });

  it("takes a plugin with fields of its own", () => {
    const registry = createPluginRegistry();
    const sink = { id: "list", handle: async () => undefined, events: [], next: () => undefined };
    registry.registerSink(sink);
    expect(registry.sink("list")).toBe(sink);
  });

  it.each(["*", "job*", "", "a.*.b"])("refuses a sink that asks for the events %j", (on) => {
    const registry = createPluginRegistry();
    expect(() => registry.registerSink({ id: "s", on: [on], handle: async () => undefined })).toThrow(
      'must be an event type such as "artifact.created"',
    );
  });
});
