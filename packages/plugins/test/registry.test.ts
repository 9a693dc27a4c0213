import { describe, expect, it } from "vitest";
import { createPluginRegistry, type WorkflowPlugin } from "../src/index.ts";

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
});
