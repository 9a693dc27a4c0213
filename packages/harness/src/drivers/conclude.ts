import type { HarnessRun, HarnessRunResult } from "../contract/driver.ts";
import { type AgentDetails, HarnessError } from "../contract/errors.ts";
import type { ProgramEnd } from "../processes/owned-processes.ts";
import { type AgentState, outputsOf } from "./agent-record.ts";
import { agentFailure, readable } from "./failure.ts";

/** Sentences about one agent, for errors. */
export interface AgentWords {
  /** What to run or to set where the agent is not logged in. */
  readonly login: string;
  /** What the modes allow. */
  readonly denial: string;
}

/** A run that is over, and all that is known of it. */
export interface Ending {
  readonly run: HarnessRun;
  readonly words: AgentWords;
  readonly state: AgentState;
  readonly end: Pick<ProgramEnd, "exitCode" | "signal" | "truncated">;
  /** The last lines of standard error. */
  readonly stderr: readonly string[];
  /** The last line of standard output that was no event. */
  readonly plain?: string | undefined;
}

const STDERR_LIMIT = 2_000;

/** What a run came to. Throws where the agent failed, was cut off or was denied what it wanted to do. */
export function conclude({ run, words, state, end, ...said }: Ending): HarnessRunResult {
  const { login, denial } = words;
  const { exitCode, signal } = end;
  const { failure, cut, denied, summary, usage, cost, sessionId } = state;
  const stderr = readable(said.stderr.join("\n"), STDERR_LIMIT);
  const agent = `Agent "${run.harness}"`;
  const details: AgentDetails = {
    harness: run.harness,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(signal === undefined ? {} : { signal }),
    ...(stderr === "" ? {} : { stderr }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(usage === undefined ? {} : { usage }),
  };

  if (cut !== undefined) throw cutOff(readable(cut, STDERR_LIMIT));
  if (failure !== undefined) throw agentFailure(failure, details, login);
  if (exitCode !== 0) {
    // The last line tells more than a stack trace or the notices before it.
    const reason = said.stderr.findLast((line) => /error|fail|denied|invalid|not /i.test(line));
    const message = reason ?? said.stderr.at(-1) ?? said.plain ?? "It printed no reason";
    const ending = exitCode === undefined ? `signal ${signal ?? "unknown"}` : `exit code ${exitCode}`;
    throw agentFailure({ message: `${ending}: ${message}` }, details, login);
  }
  const isDenied =
    denied.length > 0 &&
    (!state.isFinished ||
      summary === "" ||
      (run.mode !== "plan" && state.doneEdits === 0 && denied.some(({ kind }) => kind === "edit")));
  if (isDenied) {
    const what = denied
      .slice(0, 5)
      .map(({ name, detail }) => `${name}${detail ? ` (${readable(detail, 200)})` : ""}`);
    const more = denied.length > what.length ? ` and ${denied.length - what.length} more` : "";
    throw new HarnessError(
      "ATLAS_HARNESS_DENIED",
      details,
      `${agent} was not allowed to do what it wanted to in mode "${run.mode}": ${what.join(", ")}${more}. ${denial}`,
    );
  }
  if (!state.isFinished) {
    throw cutOff(
      end.truncated.stdout
        ? "its output was longer than the limit, and its end was not read"
        : "its program ended before it said that the work was done",
    );
  }
  if (summary === "" && state.doneTools === 0) {
    throw new HarnessError(
      "ATLAS_HARNESS_FAILED",
      details,
      `${agent} ended without an answer and without having done anything. Check that its model answers, and that the goal is not too long for it.`,
    );
  }
  const isTruncated = state.isTruncated || end.truncated.stdout;
  return {
    summary,
    outputs: outputsOf(run, state),
    exitCode,
    ...(usage === undefined ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(isTruncated ? { truncated: true } : {}),
  };

  function cutOff(reason: string): HarnessError {
    const message = `${agent} was cut off: ${reason}. Split the goal into smaller ones, or raise the limit of the agent.`;
    return new HarnessError("ATLAS_HARNESS_CUT_OFF", details, message);
  }
}
