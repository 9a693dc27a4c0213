import {
  type Clock,
  type Command,
  type CommandSink,
  canonicalJson,
  type DomainEvent,
  isoTime,
  type Job,
  type JsonValue,
  type ReadOnlyRepo,
} from "@atlas/core";
import { normalizeTime } from "@atlas/core/internal";
import { PluginError } from "../contract/errors.ts";
import { type EventFilter, matchesEvent, parseEventFilter } from "../contract/event-filter.ts";
import { isJobOver, type Wait, type WaitFor } from "../contract/wait.ts";
import type { WorkflowContext } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";

/** The part of a workflow's context that outlives an attempt. */
export type Steps = Pick<WorkflowContext, "step" | "sleepUntil" | "waitForEvent" | "waitForJobs"> & {
  /** True when this attempt kept something for the next. */
  readonly used: boolean;
};

/** The largest result of a step, as UTF-8 bytes of its JSON: 64 KiB. */
export const MAX_STEP_BYTES = 64 * 1024;
const MAX_NAME = 200;
const EVENTS_A_PAGE = 500;

/** The steps and waits of one attempt. */
export function createSteps(options: {
  readonly job: Pick<Job, "id" | "attempt">;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly clock: Clock;
  /** The newest event when the attempt began. */
  readonly begunAt: number;
  /** Waits for every command of the attempt. */
  readonly settled: () => Promise<void>;
  /** Throws when the attempt is over. */
  readonly refuse: () => void;
  /** Ends the attempt, to be run again when the wait is over. */
  readonly suspend: (wait: Wait) => PluginError;
}): Steps {
  const { job, repo, commands, clock, begunAt, settled, refuse, suspend } = options;
  const names = new Set<string>();
  let results: Promise<ReadonlyMap<string, JsonValue | undefined>> | undefined;
  let waits = 0;
  let used = false;

  return {
    get used() {
      return used;
    },
    async step(name, work) {
      refuse();
      claimName(name);
      const known = await finished();
      // The same code kept it, as the result of the same `work`.
      if (known.has(name)) return known.get(name) as Awaited<ReturnType<typeof work>>;
      refuse();
      const result = await work();
      const kept = checkedResult(name, result);
      await keep(name, kept);
      return kept as typeof result;
    },
    async sleepUntil(time) {
      const name = await nextWait();
      const kept = (await finished()).get(name);
      const until = typeof kept === "string" ? kept : timeOf(time);
      if (Date.parse(until) > clock.now()) throw waitFor(name, { kind: "time" }, { after_seq: 0, until });
    },
    async waitForEvent(given, { timeoutMs } = {}) {
      const filter = oneType(given);
      const name = await nextWait();
      const known = await finished();
      // Kept by the wait's end, which brings the event, or nothing.
      if (known.has(name)) return known.get(name) as DomainEvent | undefined;
      const before = await repo.plugins.getJobWait(job.id);
      const begun = before?.name === name ? before : undefined;
      const after_seq = begun?.after_seq ?? begunAt;
      const until =
        begun === undefined && timeoutMs !== undefined ? isoTime(clock.now() + timeoutMs) : begun?.until;
      const event = await findEvent(repo, filter, after_seq);
      if (event === undefined && (until === undefined || Date.parse(until) > clock.now())) {
        throw waitFor(
          name,
          { kind: "event", filter },
          { after_seq, ...(until === undefined ? {} : { until }) },
        );
      }
      await keep(name, event as JsonValue | undefined);
      return event;
    },
    async waitForJobs(ids) {
      const name = await nextWait();
      const jobs = await Promise.all(ids.map(existingJob));
      if (jobs.every(isJobOver)) return jobs;
      throw waitFor(name, { kind: "jobs", ids: [...ids] }, { after_seq: 0 });
    },
  };

  function claimName(name: string): void {
    if (typeof name !== "string" || name === "" || name.length > MAX_NAME || name.startsWith("$")) {
      throw new TypeError(
        `The name of a step must be a text of 1 to ${MAX_NAME} characters that does not begin with "$"; got ${JSON.stringify(name)}.`,
      );
    }
    if (names.has(name)) {
      throw new PluginError(
        "ATLAS_PLUGINS_STEP_REUSED",
        { name },
        `The step "${name}" was already used in this attempt. The name is the key of the result: give each step its own, such as "page-1", "page-2".`,
      );
    }
    names.add(name);
  }

  /** Waits are told apart by their order in `run`. What was sent before comes first, so that a wait sees it. */
  async function nextWait(): Promise<string> {
    refuse();
    waits += 1;
    const name = `$wait:${waits}`;
    await settled();
    refuse();
    return name;
  }

  function waitFor(
    name: string,
    wait_for: WaitFor,
    more: { readonly after_seq: number; readonly until?: string },
  ): PluginError {
    refuse();
    used = true;
    return suspend({ job_id: job.id, attempt: job.attempt, name, wait_for, ...more });
  }

  function finished(): Promise<ReadonlyMap<string, JsonValue | undefined>> {
    results ??= repo.plugins
      .listJobSteps(job.id)
      .then((steps) => new Map(steps.map(({ name, result }) => [name, result])));
    return results;
  }

  async function keep(name: string, result: JsonValue | undefined): Promise<void> {
    used = true;
    await commands.enqueue({
      type: "plugins.job.step",
      job_id: job.id,
      name,
      ...(result === undefined ? {} : { result }),
    });
  }

  async function existingJob(id: string): Promise<Job> {
    const found = await repo.getJob(id);
    if (found !== undefined) return found;
    throw new PluginError(
      "ATLAS_PLUGINS_JOB_NOT_FOUND",
      { id },
      `waitForJobs: there is no job "${id}". Check the id; the job may have been pruned.`,
    );
  }
}

/** Past events are found by their type, so a wait names exactly one. */
function oneType(given: EventFilter): EventFilter {
  const filter = parseEventFilter(given, "The filter of waitForEvent");
  if (!filter.type.endsWith(".*")) return filter;
  throw new TypeError(
    `waitForEvent waits for one event type; got "${filter.type}". Name the type without ".*".`,
  );
}

/** The result as it will be read by a later attempt, so that this one sees nothing else. */
function checkedResult(name: string, result: unknown): JsonValue | undefined {
  if (result === undefined) return undefined;
  const text = canonicalJson(result);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_STEP_BYTES) {
    throw new PluginError(
      "ATLAS_PLUGINS_STEP_TOO_LARGE",
      { name, sizeBytes, limitBytes: MAX_STEP_BYTES },
      `The result of the step "${name}" has ${sizeBytes} bytes of JSON; at most ${MAX_STEP_BYTES} are allowed. Store it in an artifact or a file and return its id.`,
    );
  }
  return JSON.parse(text) as JsonValue;
}

function timeOf(time: Date | string | number): string {
  const text =
    typeof time === "string"
      ? normalizeTime(time)
      : Number.isNaN(new Date(time).getTime())
        ? undefined
        : isoTime(new Date(time).getTime());
  if (text !== undefined && text.length === 24) return text;
  throw new TypeError(
    `sleepUntil takes a Date, milliseconds since 1970, or an ISO 8601 time such as "2026-11-21T09:30:00Z"; got ${String(time)}.`,
  );
}

async function findEvent(
  repo: ReadOnlyRepo<PluginsModule>,
  filter: EventFilter,
  after: number,
): Promise<DomainEvent | undefined> {
  for (let from = after; ; ) {
    const seqs = await repo.plugins.listEventSeqs({ type: filter.type, after: from, limit: EVENTS_A_PAGE });
    for (const seq of seqs) {
      const [event] = (await repo.listDomainEvents({ after: seq - 1, limit: 1 })).items;
      if (event !== undefined && matchesEvent(event, filter)) return event;
    }
    const last = seqs.at(-1);
    if (last === undefined || seqs.length < EVENTS_A_PAGE) return undefined;
    from = last;
  }
}
