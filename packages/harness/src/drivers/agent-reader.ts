import type { HarnessRun, HarnessRunResult } from "../contract/driver.ts";
import { type AgentDetails, HarnessError } from "../contract/errors.ts";
import type { ProgramEnd } from "../processes/owned-processes.ts";
import type { OutputReader } from "../programs/agent-program.ts";
import { type AgentRecord, type AgentState, createAgentRecord, outputsOf } from "./agent-record.ts";
import { agentFailure, readable } from "./failure.ts";
import { type JsonObject, objectIn } from "./json-fields.ts";

/** How the output of one agent is read. */
export interface AgentOutput {
  /** What to run or to set where the agent is not logged in, as a sentence. */
  readonly login: string;
  /** What the mode forbids and how to allow it, as a sentence. */
  readonly denial: string;
  /** Takes one JSON object of standard output. */
  event(event: JsonObject, record: AgentRecord): void;
  /** Takes a line of standard error. Default: it is only kept for messages. */
  stderr?(line: string, record: AgentRecord): void;
  /** Reads an exit code that says more than that the agent failed. */
  exit?(exitCode: number, record: AgentRecord): void;
}

const STDERR_LIMIT = 2_000;
const STDERR_LINES = 60;

/** Makes the reader of one run. Lines that are not JSON, and events that are not known, are passed over. */
export function createAgentReader(run: HarnessRun, output: AgentOutput): OutputReader {
  const record = createAgentRecord(run);
  const stderr: string[] = [];
  let plain: string | undefined;

  return {
    line(stream, line) {
      const object = stream === "stdout" ? objectIn(line) : undefined;
      if (object !== undefined) output.event(object, record);
      else if (stream === "stdout") plain = line.trim() === "" ? plain : line.slice(0, STDERR_LIMIT);
      else {
        if (line.trim() !== "") stderr.push(line.slice(0, STDERR_LIMIT));
        if (stderr.length > STDERR_LINES) stderr.shift();
        output.stderr?.(line, record);
      }
      return record.takeEvents();
    },
    end(end) {
      if (end.exitCode !== undefined && end.exitCode !== 0) output.exit?.(end.exitCode, record);
      return conclude(run, output, record.state, end, { stderr, plain });
    },
  };
}

/** What a run came to. Throws where the agent failed, was cut off or was denied what it wanted to do. */
function conclude(
  run: HarnessRun,
  { login, denial }: AgentOutput,
  state: AgentState,
  end: ProgramEnd,
  said: { readonly stderr: readonly string[]; readonly plain: string | undefined },
): HarnessRunResult {
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
