import { didYouMean } from "@atlas/core/internal";
import { eventTypeFilter } from "./event-filter.ts";
import type { RetryPolicy } from "./retry.ts";
import { parseSchedule } from "./schedule.ts";
import type { SinkPlugin } from "./sink.ts";
import type { SourcePlugin } from "./source.ts";
import type { Capability, WorkflowPlugin } from "./workflow.ts";

const CAPABILITIES: readonly Capability[] = ["harness"];
// What a timer of Node can hold.
const LONGEST_MS = 2_147_483_647;

/** Looks at a source's options; a `TypeError` says which cannot be kept. */
export function checkSource({ id, schedule, retry, timeoutMs, check }: SourcePlugin): void {
  const of = `The source "${id}"`;
  checkTimes(of, { timeoutMs, retry });
  if (schedule !== undefined) parseSchedule(schedule, of);
  if (check !== undefined && typeof check !== "function") throw new TypeError(`${of}: check is a method.`);
}

/** Looks at a workflow's options. */
export function checkWorkflow(workflow: WorkflowPlugin): void {
  const { id, schedule, retry, timeoutMs, concurrency, input, capabilities } = workflow;
  const of = `The workflow "${id}"`;
  checkTimes(of, { timeoutMs, retry });
  if (schedule !== undefined) parseSchedule(schedule, of);
  checkWhole(of, "concurrency", concurrency, 1, 100_000);
  if (input !== undefined && typeof input["~standard"]?.validate !== "function")
    throw new TypeError(`${of}: input is a schema such as z.object({ … }), or another Standard Schema.`);
  for (const capability of capabilities ?? []) {
    if (!CAPABILITIES.includes(capability))
      throw new TypeError(
        `${of} asks for the capability ${JSON.stringify(capability)}, which there is not.${didYouMean(String(capability), CAPABILITIES)}`,
      );
  }
}

/** Looks at a sink's options. */
export function checkSink({ id, on, from, retry, timeoutMs }: SinkPlugin): void {
  const of = `The sink "${id}"`;
  checkTimes(of, { timeoutMs, retry });
  eventTypeFilter(on, id);
  if (from !== undefined && from !== "now" && from !== "start")
    throw new TypeError(`${of}: from is "now" or "start"; got ${JSON.stringify(from)}.`);
}

/** Refuses workflows that need what the host did not give. */
export function checkCapabilities(
  workflows: Iterable<WorkflowPlugin>,
  given: { readonly harness: boolean },
): void {
  for (const { id, capabilities = [] } of workflows) {
    if (capabilities.includes("harness") && !given.harness)
      throw new TypeError(
        `The workflow "${id}" needs a harness, and none is configured. Give the gateway one.`,
      );
  }
}

function checkTimes(
  of: string,
  {
    timeoutMs,
    retry = {},
  }: { readonly timeoutMs: number | undefined; readonly retry: RetryPolicy | undefined },
): void {
  checkWhole(of, "timeoutMs", timeoutMs, 1, LONGEST_MS);
  checkWhole(of, "retry.maxAttempts", retry.maxAttempts, 1, 1_000);
  checkWhole(of, "retry.firstDelayMs", retry.firstDelayMs, 0, LONGEST_MS);
  checkWhole(of, "retry.maxDelayMs", retry.maxDelayMs, 0, LONGEST_MS);
}

function checkWhole(of: string, name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new TypeError(`${of}: ${name} is a whole number from ${least} to ${most}; got ${String(value)}.`);
}
