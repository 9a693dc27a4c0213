import type { HarnessRun } from "../contract/driver.ts";
import type { OutputReader } from "../programs/agent-program.ts";
import { type AgentRecord, createAgentRecord } from "./agent-record.ts";
import { type AgentWords, conclude } from "./conclude.ts";
import { type JsonObject, objectIn } from "./json-fields.ts";

/** How the output of one agent is read. */
export interface AgentOutput extends AgentWords {
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
      return conclude({ run, words: output, state: record.state, end, stderr, plain });
    },
  };
}
