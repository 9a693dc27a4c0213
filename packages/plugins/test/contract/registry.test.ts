import { describe, expect, it } from "vitest";
import { createPluginRegistry, type WorkflowPlugin } from "../../src/index.ts";

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
      new TypeError('Two sources have the id "git"; each needs its own.'),
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
    ["input", { input: { parse: () => 1 } as never }],
    ["capability", { capabilities: ["harnes" as "harness"] }],
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
    expect(() => registry.registerSink(null as never)).toThrow("A sink is an object with an id");
  });

  it.each(["*", "job*", "", "a.*.b"])("refuses a sink that asks for the events %j", (on) => {
    const registry = createPluginRegistry();
    expect(() => registry.registerSink({ id: "s", on: [on], handle: async () => undefined })).toThrow(
      'write a type such as "artifact.created"',
    );
  });
});
