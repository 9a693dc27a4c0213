import type { Command, CommandSink } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  defineWorkflow,
  type SinkContext,
  type SourceCheckContext,
  type SourceContext,
  type WorkflowContext,
  type WorkflowContextWith,
  type WorkflowPlugin,
} from "../../src/index.ts";

describe("a plugin's context", () => {
  it("gives the ways that are documented and no other", () => {
    type Shared = "repo" | "commands" | "log" | "signal" | "clock" | "services";
    type Waits = "sleep" | "wait" | "waitForEvent" | "waitForJobs";
    expectTypeOf<keyof SinkContext>().toEqualTypeOf<Shared | "attempt">();
    expectTypeOf<keyof SourceContext>().toEqualTypeOf<Shared | "cursor" | "full" | "checkpoint">();
    expectTypeOf<keyof SourceCheckContext>().toEqualTypeOf<Exclude<Shared, "commands"> | "cursor">();
    expectTypeOf<keyof WorkflowContext>().toEqualTypeOf<
      | (Shared | Waits | "attempt" | "llm" | "harness")
      | ("emitArtifact" | "spawnJob" | "findArtifacts" | "step" | "progress")
    >();
  });

  it("takes core's commands and no others", () => {
    expectTypeOf<WorkflowContext["commands"]>().toEqualTypeOf<CommandSink<Command>>();
  });

  it("cannot write through its repo", () => {
    const write = (ctx: SinkContext) =>
      // @ts-expect-error a repo's select has no deleteFrom
      ctx.repo.select.deleteFrom("entities").execute();
    expectTypeOf(write).toBeFunction();
  });

  it("has no way to the writer, nor to a database that can be written", () => {
    const reach = (ctx: WorkflowContext & SourceContext & SinkContext) => {
      // @ts-expect-error no context has a writer
      ctx.writer;
      // @ts-expect-error no context has a store
      ctx.store;
      // @ts-expect-error a repo hides its connection
      ctx.repo.connection;
      // @ts-expect-error a queue of commands cannot be applied by hand
      ctx.commands.applyBatch;
    };
    expectTypeOf(reach).toBeFunction();
  });
});

describe("defineWorkflow", () => {
  it("gives run the input that the schema gives", () => {
    const plugin = defineWorkflow({
      id: "typed.v1",
      input: z.object({ topic: z.string(), words: z.number().default(100) }),
      async run(_ctx, input) {
        expectTypeOf(input).toEqualTypeOf<{ topic: string; words: number }>();
      },
    });
    expectTypeOf(plugin).toEqualTypeOf<WorkflowPlugin>();
  });

  it("gives run any object without a schema", () => {
    defineWorkflow({
      id: "untyped.v1",
      async run(_ctx, input) {
        expectTypeOf(input).toEqualTypeOf<Record<string, unknown>>();
      },
    });
  });

  it("gives the capabilities that were named, and no others", () => {
    const bare = defineWorkflow({
      id: "bare.v1",
      async run(ctx) {
        // @ts-expect-error without the capability there is no harness
        ctx.harness;
      },
    });
    const able = defineWorkflow({
      id: "able.v1",
      capabilities: ["harness"],
      async run(ctx) {
        expectTypeOf(ctx.harness).toEqualTypeOf<HarnessRuntime>();
      },
    });
    expect([bare.capabilities, able.capabilities]).toEqual([[], ["harness"]]);
    const literal: WorkflowPlugin = {
      id: "literal.v1",
      async run(ctx) {
        expectTypeOf(ctx.harness).toEqualTypeOf<HarnessRuntime | undefined>();
      },
    };
    expect(literal.capabilities).toBeUndefined();
    expectTypeOf<WorkflowContextWith<"harness">["harness"]>().toEqualTypeOf<HarnessRuntime>();
  });

  it("refuses a capability that nothing gives", () => {
    // @ts-expect-error there is no such capability
    const plugin = defineWorkflow({ id: "greedy.v1", capabilities: ["writer"], run: async () => undefined });
    expect(plugin.id).toBe("greedy.v1");
  });
});
