import {
  type Clock,
  type Command,
  type CommandSink,
  canonicalJson,
  type DomainEvent,
  type Job,
  type JsonValue,
  type ReadOnlyRepo,
} from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import { handled } from "../../calling/handled.ts";
import { PluginError } from "../../contract/errors.ts";
import type { EventFilter } from "../../contract/event-filter.ts";
import { isJobOver, type Waited, type WaitOptions } from "../../contract/wait.ts";
import type { WorkflowContext } from "../../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../../module/plugins-module.ts";
import type { StepTries } from "../step-tries.ts";
import { withResult } from "../with-result.ts";
import { jsonSchemaOf, readAnswer } from "./answer-schema.ts";
import { checkForCircle } from "./circle.ts";
import { findEvent } from "./find-event.ts";
import type { OpenWait, Parking } from "./park.ts";
import { checkAfter, checkIds, checkInfo, deadlineOf, oneType, timeOf } from "./wait-checks.ts";
import { checkWaitName } from "./wait-name.ts";
import { createWaitNotes } from "./wait-notes.ts";

/** The waits of one attempt. */
export type AttemptWaits = Pick<WorkflowContext, "sleep" | "wait" | "waitForEvent" | "waitForJobs">;

/** What a wait found: its result, or what has to be stored so that its job can be parked. */
type Found<Result> = { readonly result: Result } | { readonly open: readonly OpenWait[] };

/** The waits of one attempt, by name. */
export function createAttemptWaits(options: {
  readonly job: Pick<Job, "id" | "attempt" | "created_seq">;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly clock: Clock;
  readonly parking: Parking;
  /** A wait inside a step would never be parked, and is refused. */
  readonly tries: StepTries;
  /** Waits for every command of the attempt. */
  readonly settled: () => Promise<void>;
  /** Throws when the attempt is over. */
  readonly refuse: () => void;
}): AttemptWaits {
  const { job, repo, commands, clock, parking, tries, settled, refuse } = options;
  const notes = createWaitNotes({ job, repo, commands, refuse });
  const used = new Set<string>();

  return {
    sleep: (name, until) =>
      begin("ctx.sleep", [name], () => {
        const at = timeOf(name, until, clock.now());
        return async () => {
          const known = (await notes.read("time", [name]))[0];
          const deadline = known?.deadline ?? at;
          if (Date.parse(deadline) <= clock.now()) return { result: undefined };
          return { open: [notes.open("time", name, { deadline })] };
        };
      }),
    wait: <Value>(given: string | readonly string[], waitOptions: WaitOptions<Value> = {}) => {
      const names = typeof given === "string" ? [given] : given;
      return begin<Waited<Value>>("ctx.wait", names, () => {
        checkOptions("ctx.wait", waitOptions, ["timeoutMs", "schema", "info"]);
        const { schema, info, timeoutMs } = waitOptions;
        const until = deadlineOf({ what: "ctx.wait", name: names[0] ?? "", timeoutMs, now: clock.now() });
        const what = {
          ...(schema === undefined ? {} : { schema: jsonSchemaOf(names[0] ?? "", schema) }),
          ...(info === undefined ? {} : { info: checkInfo(names[0] ?? "", info) }),
        };
        return () => findAnswer({ names, schema, until, what });
      });
    },
    waitForEvent: (name, given, waitOptions = {}) =>
      begin("ctx.waitForEvent", [name], () => {
        checkOptions("ctx.waitForEvent", waitOptions, ["after", "timeoutMs"]);
        const filter = oneType(name, given);
        const { after, timeoutMs } = waitOptions;
        const until = deadlineOf({ what: "ctx.waitForEvent", name, timeoutMs, now: clock.now() });
        checkAfter(name, after);
        return () => lookForEvent({ name, filter, after, until });
        // The filter selects events of its type only.
      }) as Promise<never>,
    waitForJobs: (name, ids) =>
      begin("ctx.waitForJobs", [name], () => {
        const wanted = checkIds(name, ids, job.id);
        return async () => {
          const known = (await notes.read("jobs", [name]))[0];
          const jobs = await Promise.all(wanted.map(existingJob));
          if (known?.answer !== undefined || jobs.every(isJobOver))
            return { result: await Promise.all(jobs.map((one) => withResult(repo, one))) };
          await checkForCircle(repo, job.id, wanted);
          return { open: [notes.open("jobs", name, { ids: [...wanted] })] };
        };
      }),
  };

  /** `check` runs at the door. What was sent before comes first, so that the wait sees it. */
  function begin<Result>(
    what: string,
    names: readonly string[],
    check: () => () => Promise<Found<Result>>,
  ): Promise<Result> {
    return handled(
      (async () => {
        refuse();
        const step = tries.current()?.name;
        if (step !== undefined) {
          throw new TypeError(
            `${what}("${names[0]}") inside the step "${step}": a step cannot wait. Wait before it or after it.`,
          );
        }
        claim(what, names);
        const look = check();
        const { pending, result } = await parking.during(async () => {
          await settled();
          const found = await look();
          refuse();
          // The promise is not awaited here: this work is over, and what it waits for is not.
          return "open" in found
            ? { pending: parking.add(found.open), result: undefined }
            : { pending: undefined, result: found.result };
        });
        // Without a pending wait there is a result, which may be undefined.
        return pending ?? (result as Result);
      })(),
    );
  }

  function claim(what: string, names: readonly string[]): void {
    if (!Array.isArray(names) || names.length === 0)
      throw new TypeError(`${what} takes a name, or a list of at least one name.`);
    for (const name of names) {
      checkWaitName(what, name);
      if (used.has(name)) {
        throw new PluginError(
          "ATLAS_PLUGINS_WAIT_REUSED",
          { name },
          `A wait named "${name}" was already begun in this attempt. The name is the key of the answer: give each wait its own, such as "approval-1", "approval-2".`,
        );
      }
      used.add(name);
    }
  }

  async function findAnswer<Value>(of: {
    readonly names: readonly string[];
    readonly schema: WaitOptions<Value>["schema"];
    readonly until: string | undefined;
    readonly what: Pick<OpenWait, "schema" | "info">;
  }): Promise<Found<Waited<Value>>> {
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

  async function lookForEvent(of: {
    readonly name: string;
    readonly filter: EventFilter;
    readonly after: number | undefined;
    readonly until: string | undefined;
  }): Promise<Found<Awaited<ReturnType<WorkflowContext["waitForEvent"]>>>> {
    const { name, filter, until } = of;
    for (;;) {
      const known = (await notes.read("event", [name]))[0];
      // What was stored for an event is that event.
      if (known?.answer !== undefined)
        return {
          result: { status: "received", event: known.answer.value as unknown as DomainEvent },
        };
      if (known?.closed_at !== undefined) return { result: { status: "timed_out", at: known.closed_at } };
      const after = of.after ?? (await createdSeq());
      const from =
        known?.filter !== undefined && canonicalJson(known.filter) === canonicalJson(filter)
          ? Math.max(after, known.scanned_seq ?? 0)
          : after;
      const { event, scanned } = await findEvent(repo, filter, from);
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
