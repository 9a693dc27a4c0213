import type { DomainEvent, JsonObject, StoreModule } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BatchOptions } from "./batch.ts";
import type { EventEntry, SelectedEvent } from "./event-filter.ts";
import type { ReturnsJson } from "./json-like.ts";
import type { Need, ServicesOf } from "./service.ts";
import type { PerKey, ResultWorkflow, WorkflowOptions, WorkflowPlugin } from "./workflow.ts";
import type { Capability, WorkflowContextWith } from "./workflow-context.ts";

/** What `run` gets: the output of the schema, or a list of outputs where a batch has a size. */
type RunInput<Input, MaxSize> = [MaxSize] extends [number] ? readonly Input[] : Input;

/** The input of a workflow without a schema. */
type AnyInput = StandardSchemaV1<Record<string, unknown>, Record<string, unknown>>;

/**
 * Returns the workflow, typed: `input` of `run` is the output of its schema (with `batch`: a list of outputs), `event` of `inputOf`
 * is one that `on` names, and `ctx` has the capabilities that it names, the modules that it `uses` and the services that it `needs`. What
 * `run` returns, as JSON of at most 64 KiB, is the `result` of the job; `resultOf(workflow, job)` reads it with its type. `createGateway`
 * checks the options, and throws a `TypeError` that names the wrong one.
 *
 * @example
 * ```ts
 * const greet = defineWorkflow({
 *   id: "greet.v1",
 *   input: z.object({ name: z.string() }),
 *   async run(ctx, { name }) {
 *     await ctx.emitArtifact({ type: "greeting", content_md: `Hello ${name}!` });
 *   },
 * });
 * assert.deepEqual(greet.capabilities, []);
 * ```
 */
export function defineWorkflow<
  Schema extends StandardSchemaV1 = AnyInput,
  const Needed extends readonly Capability[] = readonly [],
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
  Result = void,
  const On extends readonly EventEntry[] = readonly EventEntry[],
  // Without `batch` nothing is inferred here, so it stays `undefined`.
  MaxSize extends number | undefined = undefined,
>(
  workflow: Omit<WorkflowOptions, "on" | "perKey"> & {
    readonly id: string;
    readonly input?: Schema;
    readonly batch?: BatchOptions<StandardSchemaV1.InferOutput<Schema>> & { readonly maxSize: MaxSize };
    readonly on?: On;
    readonly perKey?: PerKey<StandardSchemaV1.InferOutput<Schema>>;
    inputOf?(event: SelectedEvent<Uses[number], On>): StandardSchemaV1.InferInput<Schema>;
    readonly capabilities?: Needed;
    readonly uses?: Uses;
    readonly needs?: Needs;
    readonly run: ((
      ctx: WorkflowContextWith<Needed[number], Uses[number], ServicesOf<Needs>>,
      input: RunInput<StandardSchemaV1.InferOutput<Schema>, MaxSize>,
      jobId: string,
    ) => Promise<Result>) &
      ReturnsJson<Result>;
  },
): ResultWorkflow<Result> {
  const { run, inputOf, perKey } = workflow;
  return {
    ...workflow,
    // Only events that `on` selects come here, and the command that creates the job checks that the input is JSON. What is no function
    // stays as it is, so that the gateway refuses it.
    ...(typeof inputOf === "function"
      ? { inputOf: (event: DomainEvent) => workflow.inputOf?.(event as never) as JsonObject }
      : {}),
    // It gets the output of the schema.
    ...(perKey === undefined ? {} : { perKey: perKey as PerKey }),
    capabilities: workflow.capabilities ?? [],
    // The runner passes to `run` what `input`, `capabilities`, `uses` and `needs` of this object say, and `ReturnsJson`
    // has checked the result.
    run: (typeof run === "function"
      ? (ctx, input, jobId) => workflow.run(ctx as never, input as never, jobId)
      : run) as WorkflowPlugin["run"],
  } as ResultWorkflow<Result>;
}
