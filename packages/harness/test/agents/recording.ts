import { tmpdir } from "node:os";
import type { AgentEnding, PrintedLine } from "../support/run-agent-program.ts";
import type { AgentPlaces, TestedAgent } from "./agents.ts";

/** Longer lines list tools, skills and settings, which no reader looks at. */
const LONGEST_LINE = 8_000;

/** The first line of a recording. */
export interface RecordingHead {
  readonly program: string;
  readonly version: string;
  readonly case: string;
  readonly exit_code?: number;
  /** Lines that were left out, because they are long or say nothing. */
  readonly left_out: number;
}

/** What a program printed, as JSON lines. Names of folders and addresses of the machine are replaced. */
export function recordingOf(
  { lines, end }: AgentEnding,
  context: AgentPlaces & { readonly agent: TestedAgent; readonly name: string; readonly home: string },
): string {
  const { agent, name, cwd, home, urls } = context;
  const clean = (line: string): string =>
    line
      .replaceAll(cwd, "/workspace")
      .replaceAll(cwd.replaceAll("/", "-"), "-workspace")
      .replaceAll(home, "/home/user")
      .replaceAll(new URL(urls.openai).host, "127.0.0.1:9")
      .replaceAll(/(file:\/\/)?\/[^\s"'\\)]*\/node_modules\//g, "/usr/lib/node_modules/")
      .replaceAll(new RegExp(`${tmpdir()}/[^\\s"'\\\\)]*`, "g"), "/var/tmp/file");
  const kept = lines.filter(({ line }) => isTelling(line));
  const head: RecordingHead = {
    program: agent.name,
    version: agent.version,
    case: name,
    ...(end.exitCode === undefined ? {} : { exit_code: end.exitCode }),
    left_out: lines.length - kept.length,
  };
  const printed = kept.map(({ stream, line }): PrintedLine => ({ stream, line: clean(line) }));
  return [head, ...printed].map((one) => `${JSON.stringify(one)}\n`).join("");
}

/** Copilot repeats itself in events that it calls ephemeral. */
function isTelling(line: string): boolean {
  return line.length <= LONGEST_LINE && !line.includes('"ephemeral":true');
}
