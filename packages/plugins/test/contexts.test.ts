import type { Command, CommandSink } from "@atlas/core";
import { describe, expectTypeOf, it } from "vitest";
import type { SinkContext, SourceContext, WorkflowContext } from "../src/index.ts";

describe("a plugin's context", () => {
  it("gives the ways that are documented and no other", () => {
    type Shared = "repo" | "commands" | "log" | "signal" | "clock";
    expectTypeOf<keyof SinkContext>().toEqualTypeOf<Shared>();
    expectTypeOf<keyof SourceContext>().toEqualTypeOf<Shared | "cursor" | "checkpoint">();
    expectTypeOf<keyof WorkflowContext>().toEqualTypeOf<
      Shared | "llm" | "harness" | "emitArtifact" | "spawnJob" | "findArtifacts"
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
});
