import type { Clock, Command, CommandSink, Job, ReadOnlyRepo } from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import { handled } from "../../calling/handled.ts";
import { PluginError } from "../../contract/errors.ts";
import type { Waited, WaitOptions } from "../../contract/wait.ts";
import type { WorkflowContext } from "../../contract/workflow-context.ts";
import type { PluginsCommand, PluginsModule } from "../../module/plugins-module.ts";
import type { StepTries } from "../step-tries.ts";
import { jsonSchemaOf } from "./answer-schema.ts";
import { createAnswerFinder, type Found } from "./find-answer.ts";
import type { Parking } from "./park.ts";
import { checkAfter, checkIds, checkInfo, deadlineOf, oneType, timeOf } from "./wait-checks.ts";
import { checkWaitName } from "./wait-name.ts";
import { createWaitNotes } from "./wait-notes.ts";

/** The waits of one attempt. */
export type AttemptWaits = Pick<WorkflowContext, "sleep" | "wait" | "waitForEvent" | "waitForJobs">;

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
  const answers = createAnswerFinder({ job, repo, clock, notes });
  const used = new Set<string>();

  return {
    sleep: (name, until) =>
      begin("ctx.sleep", [name], () => {
        const at = timeOf(name, until, clock.now());
        return () => answers.time({ name, at });
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
        return () => answers.signal({ names, schema, until, what });
      });
    },
    waitForEvent: (name, given, waitOptions = {}) =>
      begin("ctx.waitForEvent", [name], () => {
        checkOptions("ctx.waitForEvent", waitOptions, ["after", "timeoutMs"]);
        const filter = oneType(name, given);
        const { after, timeoutMs } = waitOptions;
        const until = deadlineOf({ what: "ctx.waitForEvent", name, timeoutMs, now: clock.now() });
        checkAfter(name, after);
        return () => answers.event({ name, filter, after, until });
        // The filter selects events of its type only.
      }) as Promise<never>,
    waitForJobs: (name, ids) =>
      begin("ctx.waitForJobs", [name], () => {
        const wanted = checkIds(name, ids, job.id);
        return () => answers.jobs({ name, wanted });
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
}
