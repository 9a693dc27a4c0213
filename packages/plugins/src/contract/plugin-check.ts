import { checkOptions, didYouMean, nearestName } from "@atlas/core/internal";
import { BATCH_OPTIONS, MAX_BATCH_SIZE } from "./batch.ts";
import { eventSelector } from "./event-filter.ts";
import { checkNeeds, type Offered, type PluginNeeds } from "./needs.ts";
import type { RetryPolicy } from "./retry.ts";
import { parseSchedule, SCHEDULE_OPTIONS } from "./schedule.ts";
import type { SinkPlugin } from "./sink.ts";
import type { SourcePlugin } from "./source.ts";
import { VERSION_DECISIONS } from "./version.ts";
import type { PerKey, RateLimit, WorkflowPlugin } from "./workflow.ts";

const NEEDS = ["uses", "needs"];
const SOURCE = [
  "id",
  "sync",
  "check",
  "schedule",
  "retry",
  "timeoutMs",
  "cursor",
  "maxRefused",
  "receive",
  "verify",
  ...NEEDS,
];
const WORKFLOW = [
  ...[
    "id",
    "run",
    "input",
    "capabilities",
    "retry",
    "timeoutMs",
    "concurrency",
    "perKey",
    "rateLimit",
    "schedule",
    "maxSpawnDepth",
    "on",
    "inputOf",
    "version",
    "onVersionChange",
    "batch",
  ],
  ...NEEDS,
];
const SINK = ["id", "handle", "on", "from", "timeoutMs", "retry", ...NEEDS];
const RETRY = ["maxAttempts", "firstDelayMs", "maxDelayMs"];
// The longest timer of Node.
const LONGEST_MS = 2_147_483_647;

/** Checks the options of a source. A `TypeError` says which one is wrong and what it must be. */
export function checkSource(source: SourcePlugin): void {
  const { id, schedule, retry, timeoutMs, check, cursor, maxRefused } = source;
  const of = `The source "${id}"`;
  checkSpelling(of, source, SOURCE);
  checkAsked(of, source);
  checkTimes(of, { timeoutMs, retry }, RETRY);
  if (schedule !== undefined) {
    checkOptions(`${of}: schedule`, schedule, SCHEDULE_OPTIONS);
    parseSchedule(schedule, of);
  }
  checkWhole(of, "maxRefused", maxRefused, 0, 1_000_000);
  if (cursor !== undefined && typeof cursor["~standard"]?.validate !== "function")
    throw new TypeError(
      `${of}: cursor must be a schema such as z.object({ page: z.number() }), or another schema that implements Standard Schema.`,
    );
  if (check !== undefined && typeof check !== "function")
    throw new TypeError(`${of}: check must be a method; got ${JSON.stringify(check)}.`);
  checkReceiving(of, source);
}

function checkReceiving(of: string, { receive, verify }: SourcePlugin): void {
  for (const [name, method] of Object.entries({ receive, verify }))
    if (method !== undefined && typeof method !== "function")
      throw new TypeError(`${of}: ${name} must be a method; got ${JSON.stringify(method)}.`);
  if ((receive === undefined) !== (verify === undefined))
    throw new TypeError(
      `${of}: receive and verify belong together, since verify tells who sent a delivery. Pass both, or use createWebhookSource of @atlas/plugins/builtin/webhook.`,
    );
}

/** Checks the options of a workflow. */
export function checkWorkflow(workflow: WorkflowPlugin): void {
  const { id, schedule, retry, timeoutMs, concurrency, input, capabilities } = workflow;
  const of = `The workflow "${id}"`;
  checkSpelling(of, workflow, WORKFLOW);
  checkAsked(of, workflow);
  checkTimes(of, { timeoutMs, retry }, [...RETRY, "retryable"]);
  if (schedule !== undefined) {
    checkOptions(`${of}: schedule`, schedule, [...SCHEDULE_OPTIONS, "input"]);
    parseSchedule(schedule, of);
  }
  checkTrigger(of, workflow);
  checkVersion(of, workflow);
  checkBatch(of, workflow);
  checkRateLimit(of, "rateLimit", workflow.rateLimit);
  checkWhole(of, "concurrency", concurrency, 1, 100_000);
  checkPerKey(of, workflow.perKey);
  checkWhole(of, "maxSpawnDepth", workflow.maxSpawnDepth, 0, 100_000);
  if (input !== undefined && typeof input["~standard"]?.validate !== "function")
    throw new TypeError(
      `${of}: input must be a schema such as z.object({ … }), or another schema that implements Standard Schema.`,
    );
  if (!isListOf(capabilities ?? [], (one) => typeof one === "string"))
    throw new TypeError(`${of}: capabilities must be a list of names such as ["harness"].`);
}

function checkVersion(of: string, { version, onVersionChange }: WorkflowPlugin): void {
  checkWhole(of, "version", version, 1, 1_000_000);
  if (onVersionChange === undefined || typeof onVersionChange === "function") return;
  if (!VERSION_DECISIONS.includes(onVersionChange))
    throw new TypeError(
      `${of}: onVersionChange must be "continue", "restart", "fail" or a function that returns one of them; got ${JSON.stringify(onVersionChange)}.`,
    );
}

function checkBatch(of: string, { batch, schedule, perKey }: WorkflowPlugin): void {
  if (batch === undefined) return;
  checkOptions(`${of}: batch`, batch, BATCH_OPTIONS);
  checkWhole(of, "batch.maxSize", asNumber(batch.maxSize), 1, MAX_BATCH_SIZE);
  checkWhole(of, "batch.maxWaitMs", asNumber(batch.maxWaitMs), 1, LONGEST_MS);
  if (batch.key !== undefined && typeof batch.key !== "function")
    throw new TypeError(
      `${of}: batch.key must be a function of an input that returns a text; got ${JSON.stringify(batch.key)}.`,
    );
  if (perKey !== undefined)
    throw new TypeError(
      `${of} has batch and perKey, but a batch has several inputs and so no one key. Keep one of them; batch.key gives each key a batch of its own.`,
    );
  if (schedule !== undefined)
    throw new TypeError(
      `${of} has batch and schedule, but a schedule puts no input into a batch. Keep one of them, or schedule another workflow.`,
    );
}

/** A required number that is missing is a wrong one. */
function asNumber(value: number | undefined): number {
  return value ?? Number.NaN;
}

function checkPerKey(of: string, perKey: PerKey | undefined): void {
  if (perKey === undefined) return;
  checkOptions(`${of}: perKey`, perKey, ["key", "concurrency", "rateLimit"]);
  if (typeof perKey.key !== "function")
    throw new TypeError(
      `${of}: perKey.key must be a function of the input that returns a text, such as (input) => input.tenant; got ${JSON.stringify(perKey.key)}.`,
    );
  checkWhole(of, "perKey.concurrency", perKey.concurrency, 1, 100_000);
  checkRateLimit(of, "perKey.rateLimit", perKey.rateLimit);
}

function checkRateLimit(of: string, name: string, rateLimit: RateLimit | undefined): void {
  if (rateLimit === undefined) return;
  checkOptions(`${of}: ${name}`, rateLimit, ["max", "perMs"]);
  checkWhole(of, `${name}.max`, asNumber(rateLimit.max), 1, 10_000);
  checkWhole(of, `${name}.perMs`, asNumber(rateLimit.perMs), 1, LONGEST_MS);
}

function checkTrigger(of: string, { on, inputOf }: WorkflowPlugin): void {
  eventSelector(on, of);
  if (on?.length === 0)
    throw new TypeError(
      `${of}: "on" is empty, so no event would create a job. Name a type, or leave it out.`,
    );
  if (inputOf === undefined) return;
  if (typeof inputOf !== "function")
    throw new TypeError(`${of}: inputOf must be a function of the event; got ${JSON.stringify(inputOf)}.`);
  if (on === undefined)
    throw new TypeError(`${of}: inputOf makes the input for the events of "on", which is missing. Add it.`);
}

/** Checks the options of a sink. */
export function checkSink(sink: SinkPlugin): void {
  const { id, on, from, retry, timeoutMs } = sink;
  const of = `The sink "${id}"`;
  checkSpelling(of, sink, SINK);
  checkAsked(of, sink);
  checkTimes(of, { timeoutMs, retry }, RETRY);
  eventSelector(on, of);
  if (from !== undefined && from !== "now" && from !== "start")
    throw new TypeError(`${of}: from must be "now" or "start"; got ${JSON.stringify(from)}.`);
}

/** Refuses plugins that ask for something that the host does not have. */
export function checkCapabilities(
  {
    sources,
    workflows,
    sinks,
  }: {
    readonly sources: ReadonlyMap<string, SourcePlugin>;
    readonly workflows: ReadonlyMap<string, WorkflowPlugin>;
    readonly sinks: ReadonlyMap<string, SinkPlugin>;
  },
  offered: Offered & { readonly harness: boolean },
): void {
  for (const source of sources.values()) checkNeeds(`The source "${source.id}"`, source, offered);
  for (const workflow of workflows.values()) {
    checkNeeds(`The workflow "${workflow.id}"`, workflow, offered);
    checkWorkflowCapabilities(workflow, offered);
  }
  for (const sink of sinks.values()) checkNeeds(`The sink "${sink.id}"`, sink, offered);
}

function checkWorkflowCapabilities(
  { id, capabilities = [] }: WorkflowPlugin,
  { harness, services }: Offered & { readonly harness: boolean },
): void {
  for (const capability of capabilities) {
    if (services.includes(capability) || (capability === "harness" && harness)) continue;
    if (capability === "harness")
      throw new TypeError(
        `The workflow "${id}" needs a harness, but the gateway has none. Pass one as createGateway({ harness }).`,
      );
    throw new TypeError(
      `The workflow "${id}" asks for the unknown capability ${JSON.stringify(capability)}.${didYouMean(capability, ["harness", ...services])} A capability is "harness", or the name of a service that the host or an extension provides.`,
    );
  }
}

/** Checks the form of `uses` and `needs`. */
function checkAsked(of: string, { uses = [], needs = [] }: PluginNeeds): void {
  if (!isListOf(uses, hasName))
    throw new TypeError(`${of}: uses must be a list of modules, as defineModule returns them.`);
  if (!isListOf(needs, (one) => typeof one === "string" || hasName(one)))
    throw new TypeError(`${of}: needs must be a list of services: names, or tokens that service() returns.`);
}

function isListOf(list: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(list) && list.every(isOne);
}

function hasName(one: unknown): boolean {
  return typeof one === "object" && one !== null && "name" in one && typeof one.name === "string";
}

/** A plugin may carry fields of its own, so only those that look like a misspelt option are refused. */
function checkSpelling(of: string, plugin: object, known: readonly string[]): void {
  for (const name of Object.keys(plugin)) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    if (nearest !== undefined)
      throw new TypeError(
        `${of} has no option "${name}". Did you mean "${nearest}"? A field of your own needs a name that is less similar.`,
      );
  }
}

function checkTimes(
  of: string,
  {
    timeoutMs,
    retry = {},
  }: { readonly timeoutMs: number | undefined; readonly retry: RetryPolicy | undefined },
  retryOptions: readonly string[],
): void {
  checkWhole(of, "timeoutMs", timeoutMs, 1, LONGEST_MS);
  checkOptions(`${of}: retry`, retry, retryOptions);
  checkWhole(of, "retry.maxAttempts", retry.maxAttempts, 1, 1_000);
  checkWhole(of, "retry.firstDelayMs", retry.firstDelayMs, 0, LONGEST_MS);
  checkWhole(of, "retry.maxDelayMs", retry.maxDelayMs, 0, LONGEST_MS);
}

function checkWhole(of: string, name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new TypeError(
    `${of}: ${name} must be a whole number from ${least} to ${most}; got ${String(value)}.`,
  );
}
