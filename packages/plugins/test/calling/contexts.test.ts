import type { Command, CommandSink, Committed, DomainEvent, Refusal } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import {
  defineSink,
  defineSource,
  defineWorkflow,
  type PluginCommands,
  type PluginServices,
  type ResultWorkflow,
  reactor,
  type SinkContext,
  type SinkPlugin,
  type SourceCheckContext,
  type SourceContext,
  service,
  type WorkflowContext,
  type WorkflowContextWith,
  type WorkflowPlugin,
} from "../../src/index.ts";
import { labModule } from "../support/lab-module.ts";

describe("a plugin's context", () => {
  it("gives the ways that are documented and no other", () => {
    type Shared = "repo" | "commands" | "log" | "signal" | "clock" | "services" | "context";
    type Waits = "sleep" | "wait" | "waitForEvent" | "waitForJobs";
    expectTypeOf<keyof SinkContext>().toEqualTypeOf<Shared | "attempt">();
    expectTypeOf<keyof SourceContext>().toEqualTypeOf<Shared | "cursor" | "full" | "checkpoint">();
    expectTypeOf<keyof SourceCheckContext>().toEqualTypeOf<
      Exclude<Shared, "commands" | "context"> | "cursor"
    >();
    expectTypeOf<keyof WorkflowContext>().toEqualTypeOf<
      | (Shared | Waits | "attempt" | "version" | "llm" | "model" | "harness")
      | ("emitArtifact" | "spawnJob" | "findArtifacts" | "step" | "progress")
    >();
  });

  it("takes core's commands and no others", () => {
    expectTypeOf<WorkflowContext["commands"]>().toEqualTypeOf<PluginCommands<Command>>();
    expectTypeOf<WorkflowContext["commands"]>().toExtend<CommandSink<Command>>();
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
    expectTypeOf(plugin).toEqualTypeOf<ResultWorkflow<void>>();
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
});

describe("what a plugin uses and needs", () => {
  interface Agents {
    ask(question: string): Promise<string>;
  }
  const agents = service<Agents>()("agents");

  it("gives a workflow, a source and a sink the commands and queries of the modules that they use", () => {
    const workflow = defineWorkflow({
      id: "uses.v1",
      uses: [labModule],
      async run(ctx) {
        expectTypeOf(ctx.repo.lab.count).returns.resolves.toEqualTypeOf<number>();
        expectTypeOf(ctx.commands.attempt).returns.resolves.toEqualTypeOf<Committed | Refusal>();
        await ctx.commands.enqueue({ type: "lab.note", text: "one" });
        await ctx.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
        // @ts-expect-error a command of the module is checked by its schema
        await ctx.commands.enqueue({ type: "lab.note", text: 1 });
        // @ts-expect-error a module that is not used has no queries here
        ctx.repo.other;
      },
    });
    const source = defineSource({
      id: "uses",
      uses: [labModule],
      async sync(ctx) {
        expectTypeOf(ctx.repo.lab.count).returns.resolves.toEqualTypeOf<number>();
        await ctx.checkpoint("here", [{ type: "lab.note", text: "one" }]);
        // @ts-expect-error a command of the module is checked by its schema
        await ctx.checkpoint("here", [{ type: "lab.note", text: 1 }]);
      },
      async check(ctx) {
        expectTypeOf(ctx.repo.lab.count).returns.resolves.toEqualTypeOf<number>();
        // @ts-expect-error a check cannot write
        ctx.commands;
      },
    });
    const sink = defineSink({
      id: "uses",
      uses: [labModule],
      async handle(_event, ctx) {
        expectTypeOf(ctx.repo.lab.count).returns.resolves.toEqualTypeOf<number>();
        await ctx.commands.enqueueAll([{ type: "lab.note", text: "one" }]);
      },
    });
    expect([workflow.uses, source.uses, sink.uses]).toEqual([[labModule], [labModule], [labModule]]);
  });

  it("gives nothing of a module that the plugin does not use", () => {
    const plugin = defineWorkflow({
      id: "plain.v1",
      async run(ctx) {
        // @ts-expect-error the plugin does not use the module
        ctx.repo.lab;
        // @ts-expect-error the plugin does not use the module
        await ctx.commands.enqueue({ type: "lab.note", text: "one" });
      },
    });
    expect(plugin.uses).toBeUndefined();
  });

  it("gives the services that the plugin needs their types, and no others", () => {
    const workflow = defineWorkflow({
      id: "needs.v1",
      needs: [agents, "clockwork"],
      async run(ctx) {
        expectTypeOf(ctx.services.agents).toEqualTypeOf<Agents>();
        expectTypeOf(ctx.services.clockwork).toEqualTypeOf<unknown>();
        // @ts-expect-error the plugin does not need this service
        ctx.services.mail;
      },
    });
    const sink = defineSink({
      id: "needs",
      needs: [agents],
      async handle(_event, ctx) {
        expectTypeOf(ctx.services).toEqualTypeOf<{ readonly agents: Agents }>();
      },
    });
    const open = defineWorkflow({
      id: "open.v1",
      run: async (ctx) => expectTypeOf(ctx.services).toEqualTypeOf<PluginServices>() as never,
    });
    expect([workflow.needs, sink.needs, open.needs]).toEqual([[agents, "clockwork"], [agents], undefined]);
  });

  it("gives a reactor everything but commands, and takes those that it returns", () => {
    const plugin = reactor({
      id: "answers",
      on: ["lab.noted"],
      uses: [labModule],
      needs: [agents],
      async handle(event, ctx) {
        expectTypeOf(event).toEqualTypeOf<DomainEvent<"lab.noted">>();
        expectTypeOf(ctx.services.agents).toEqualTypeOf<Agents>();
        // @ts-expect-error a reactor returns its commands
        ctx.commands;
        return (await ctx.repo.lab.count()) > 1 ? [] : [{ type: "lab.note", text: "again" }];
      },
    });
    // @ts-expect-error a module that is not used has no commands here
    reactor({ id: "wrong", handle: () => [{ type: "lab.note", text: "one" }] });
    expectTypeOf(plugin).toEqualTypeOf<SinkPlugin>();
  });

  it("takes the name of a service as a capability", () => {
    const plugin = defineWorkflow({ id: "sand.v1", capabilities: ["sandbox"], run: async () => undefined });
    expect(plugin.capabilities).toEqual(["sandbox"]);
  });
});
