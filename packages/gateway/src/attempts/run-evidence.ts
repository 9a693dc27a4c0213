import { idText } from "@atlas/core";
import type { HarnessResult, HarnessTask } from "@atlas/harness";
import type { HarnessRunRecord } from "@atlas/harness/module";
import type { Route } from "@atlas/routing";
import {
  count,
  field,
  joined,
  optional,
  paidIn,
  skippedOf,
  text,
  tokensOf,
  tryOf,
} from "./evidence-fields.ts";

const MOST_FILES = 1_000;
const LONGEST_GOAL = 100_000;

/** What is known of a task before it has ended, and what cannot be wrong. */
export type RunFrame = Pick<
  HarnessRunRecord,
  "job_id" | "attempt" | "number" | "at" | "mode" | "status" | "degraded" | "duration_ms"
>;

/** What a task that has ended left behind. */
export interface RunEnd {
  readonly result?: HarnessResult;
  readonly error?: unknown;
  /** The evidence of the routers that the task went through, where the result or the error has none. */
  readonly routes: readonly Route[];
}

/**
 * Makes the record of a task that a job gave to agents. Agents can say anything, so a field that could not be stored is clamped or left
 * out: what is wrong with one field must not cost the record.
 */
export function runEvidenceOf(
  frame: RunFrame,
  task: HarnessTask,
  { result, error, routes }: RunEnd,
  { keepGoal }: { readonly keepGoal: boolean },
): HarnessRunRecord {
  const route = result?.route ?? field<Route>(error, "route") ?? joined(routes);
  const details = field(error, "details");
  const usage = result === undefined ? (paidIn(route) ?? field(details, "usage")) : result.usage;
  const files = result?.files ?? [];
  return {
    ...frame,
    truncated: result?.truncated === true || files.length > MOST_FILES,
    ...optional({
      profile: text(route?.profile) ?? text(task.profile),
      harness: text(result?.harness) ?? text(route?.candidate) ?? text(field(details, "harness")),
      model: text(task.model),
      session_id: text(result?.sessionId ?? field(details, "sessionId")),
      exit_code: exitCode(result?.exitCode ?? field(details, "exitCode")),
      cost_microusd: count(result?.cost?.amountMicrousd),
      correlation_id: idText.safeParse(task.context?.correlation_id).data,
      error_code: text(field(error, "code")) ?? text(field(error, "name")),
      goal: keepGoal ? text(task.goal, LONGEST_GOAL) : undefined,
      ...tokensOf(usage),
    }),
    files: files.slice(0, MOST_FILES).map(({ path, change, from }) => ({
      path: text(path) ?? "",
      change,
      ...optional({ from: text(from) }),
    })),
    tries: (route?.attempts ?? []).map(tryOf),
    skipped: (route?.skipped ?? []).map(skippedOf),
  };
}

/** The least that a record needs, for one that was refused in spite of all that. */
export function bareRunEvidence(frame: RunFrame): HarnessRunRecord {
  return { ...frame, truncated: false, files: [], tries: [], skipped: [] };
}

function exitCode(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}
