import { type BuiltInAgent, builtInPrograms } from "../../src/drivers/built-in.ts";
import {
  type HarnessRun,
  type HarnessRunResult,
  isHarnessError,
  type UnnamedHarnessEvent,
} from "../../src/index.ts";
import { noFiles, type PrintedLine } from "./run-agent-program.ts";

/** A run of which nothing is unusual. */
export function agentRun(harness: BuiltInAgent, options: Partial<HarnessRun> = {}): HarnessRun {
  return {
    runId: "run-1",
    harness,
    cwd: "/workspace",
    goal: "Write hello.txt.",
    mode: "propose",
    profile: "default",
    signal: new AbortController().signal,
    onEvent: () => undefined,
    ...options,
  };
}

/** What a program printed, and how it ended. */
export interface Printed extends Partial<HarnessRun> {
  /** Lines of standard output: texts as they are, everything else as JSON. */
  readonly stdout?: readonly unknown[];
  readonly stderr?: readonly string[];
  readonly lines?: readonly PrintedLine[];
  /** `null`: a signal ended it. Default: 0. */
  readonly exitCode?: number | null;
  readonly isCut?: boolean;
}

/** What a program's reader makes of it. */
export async function readAgent(agent: BuiltInAgent, printed: Printed) {
  const { stdout = [], stderr = [], lines = [], exitCode = 0, isCut = false, ...options } = printed;
  const reader = builtInPrograms[agent]().reader(agentRun(agent, options));
  const all: readonly PrintedLine[] = [
    ...lines,
    ...stderr.map((line) => ({ stream: "stderr" as const, line })),
    ...stdout.map((one) => ({
      stream: "stdout" as const,
      line: typeof one === "string" ? one : JSON.stringify(one),
    })),
  ];
  const events: UnnamedHarnessEvent[] = all.flatMap(({ stream, line }) => reader.line(stream, line));
  const end = {
    ...(exitCode === null ? { signal: "SIGKILL" } : { exitCode }),
    endedBy: "itself" as const,
    durationMs: 1,
    truncated: { stdout: isCut, stderr: false },
    leftOvers: 0,
  };
  const ended = async (): Promise<HarnessRunResult> => reader.end(end, noFiles);
  return ended().then(
    (result) => ({ result, events, error: undefined }),
    (error: unknown) => {
      if (!isHarnessError(error)) throw error;
      return { error, events, result: undefined };
    },
  );
}
