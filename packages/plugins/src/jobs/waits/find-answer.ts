import {
  type Clock,
  canonicalJson,
  type DomainEvent,
  type Job,
  type JsonValue,
  type ReadOnlyRepo,
} from "@atlas/core";
import { PluginError } from "../../contract/errors.ts";
import type { EventFilter } from "../../contract/event-filter.ts";
import type { JobWithResult } from "../../contract/job-result.ts";
import {
  isJobOver,
  type JobWait,
  type Waited,
  type WaitedEvent,
  type WaitOptions,
} from "../../contract/wait.ts";
import type { PluginsModule } from "../../module/plugins-module.ts";
import { withResult } from "../with-result.ts";
import { readAnswer } from "./answer-schema.ts";
import { checkForCircle } from "./circle.ts";
import { findEvent } from "./find-event.ts";
import type { OpenWait } from "./park.ts";
import type { WaitNotes } from "./wait-notes.ts";

/** What a wait found: its result, or what has to be stored so that its job can be parked. */
export type Found<Result> = { readonly result: Result } | { readonly open: readonly OpenWait[] };

/** Looks for what the waits of an attempt wait for: among what is stored about them, then in the store. */
export interface AnswerFinder {
  /** The time `at`, or the one that was stored when the name was first reached. */
  time(of: { readonly name: string; readonly at: string }): Promise<Found<undefined>>;
  signal<Value>(of: SignalQuestion<Value>): Promise<Found<Waited<Value>>>;
  event(of: EventQuestion): Promise<Found<WaitedEvent>>;
  /** The ends of the jobs `wanted`. */
  jobs(of: {
    readonly name: string;
    readonly wanted: readonly string[];
  }): Promise<Found<readonly JobWithResult[]>>;
}

/** Which answer counts: the first one to any of the names, until the time is up. */
interface SignalQuestion<Value> {
  readonly names: readonly string[];
  readonly schema: WaitOptions<Value>["schema"];
  readonly until: string | undefined;
  /** What those who answer must know. */
  readonly what: Pick<OpenWait, "schema" | "info">;
}

/** Which event counts: the first one that matches, from after `after` or the job's creation, until the time is up. */
interface EventQuestion {
  readonly name: string;
  readonly filter: EventFilter;
  readonly after: number | undefined;
  readonly until: string | undefined;
}

/** The finder of one attempt. */
export function createAnswerFinder(options: {
  readonly job: Pick<Job, "id" | "created_seq">;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly clock: Clock;
  readonly notes: WaitNotes;
}): AnswerFinder {
  const { job, repo, clock, notes } = options;

  return {
    async time({ name, at }) {
      const [known] = await notes.read("time", [name]);
      const deadline = known?.deadline ?? at;
      if (Date.parse(deadline) <= clock.now()) return { result: undefined };
      return { open: [notes.open("time", name, { deadline })] };
    },
    signal: findSignal,
    event: findDomainEvent,
    async jobs({ name, wanted }) {
      const [known] = await notes.read("jobs", [name]);
      const jobs = await Promise.all(wanted.map(existingJob));
      if (known?.answer !== undefined || jobs.every(isJobOver))
        return { result: await Promise.all(jobs.map((one) => withResult(repo, one))) };
      await checkForCircle(repo, job.id, wanted);
      return { open: [notes.open("jobs", name, { ids: [...wanted] })] };
    },
  };

  async function findSignal<Value>(of: SignalQuestion<Value>): Promise<Found<Waited<Value>>> {
    const { names, schema, until, what } = of;
    for (;;) {
      const known = await notes.read("signal", names);
      const answered = known
        .filter(({ answer }) => answer !== undefined)
        .sort((left, right) => (left.answer?.order ?? 0) - (right.answer?.order ?? 0))[0];
      if (answered?.answer !== undefined) {
        const { name, answer } = answered;
        const value = await readAnswer({ id: job.id, name }, answer.value, schema);
        return { result: { status: "received", name, value, by: answer.by, at: answer.at } };
      }
      const open = names.filter(
        (name) => !known.some((wait) => wait.name === name && wait.closed_at !== undefined),
      );
      const [closed] = known.filter(({ closed_at }) => closed_at !== undefined);
      if (open.length === 0) return { result: { status: "timed_out", at: closed?.closed_at ?? "" } };
      const deadline = known.find(
        (wait) => open.includes(wait.name) && wait.deadline !== undefined,
      )?.deadline;
      if (deadline === undefined || Date.parse(deadline) > clock.now()) {
        const at = deadline ?? until;
        const more = { ...what, ...(at === undefined ? {} : { deadline: at }) };
        return { open: open.map((name) => notes.open("signal", name, more)) };
      }
      await notes.expire("signal", open);
    }
  }

  async function findDomainEvent(of: EventQuestion): Promise<Found<WaitedEvent>> {
    const { name, filter, until } = of;
    for (;;) {
      const [known] = await notes.read("event", [name]);
      // What was stored for an event is that event.
      if (known?.answer !== undefined)
        return {
          result: { status: "received", event: known.answer.value as unknown as DomainEvent },
        };
      if (known?.closed_at !== undefined) return { result: { status: "timed_out", at: known.closed_at } };
      const after = of.after ?? (await createdSeq());
      const { event, scanned } = await findEvent(repo, filter, placeOf(known, { filter, after }));
      if (event !== undefined) {
        // A domain event is JSON all through. It is read again, as it was stored.
        await notes.answer("event", name, event as unknown as JsonValue);
        continue;
      }
      const deadline = known?.deadline ?? until;
      if (known?.deadline === undefined || Date.parse(known.deadline) > clock.now()) {
        const more = { filter, after_seq: after, scanned_seq: scanned };
        return {
          open: [notes.open("event", name, { ...more, ...(deadline === undefined ? {} : { deadline }) })],
        };
      }
      await notes.expire("event", [name]);
    }
  }

  async function createdSeq(): Promise<number> {
    return job.created_seq ?? repo.plugins.getJobCreatedSeq(job.id);
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

/** Where to go on looking. What was looked at counts only for the same question: the code may have been edited. */
function placeOf(
  known: JobWait | undefined,
  { filter, after }: { readonly filter: EventFilter; readonly after: number },
): number {
  if (known?.filter === undefined || canonicalJson(known.filter) !== canonicalJson(filter)) return after;
  if ((known.after_seq ?? 0) > after) return after;
  return Math.max(after, known.scanned_seq ?? 0);
}
