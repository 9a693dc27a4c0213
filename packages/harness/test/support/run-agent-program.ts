import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HarnessRun, HarnessRunResult } from "../../src/contract/driver.ts";
import type { UnnamedHarnessEvent } from "../../src/contract/event.ts";
import type { OwnedProcesses, ProgramEnd } from "../../src/processes/owned-processes.ts";
import type { AgentProgram, WorkspaceFiles } from "../../src/programs/agent-program.ts";
import { refuseStarters } from "../../src/programs/starts-from.ts";

/** How a program is called in a test. */
export interface AgentCall {
  readonly program: AgentProgram;
  readonly run: HarnessRun;
  readonly processes: OwnedProcesses;
  /** The absolute path of the program. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the run may put files. */
  readonly stateDir: string;
  readonly timeoutMs: number;
}

/** A line that a program printed. */
export interface PrintedLine {
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

/** What became of a call. */
export interface AgentEnding {
  readonly result?: HarnessRunResult;
  readonly error?: unknown;
  readonly end: ProgramEnd;
  readonly lines: readonly PrintedLine[];
  readonly events: readonly UnnamedHarnessEvent[];
}

/** A workspace without files. */
export const noFiles: WorkspaceFiles = { match: async () => ({ files: [], truncated: false }) };

/** Runs a program as the runtime does, but without a workspace, and keeps what it prints. */
export async function runAgentProgram(call: AgentCall): Promise<AgentEnding> {
  const { program, run, processes, path, env, stateDir, timeoutMs } = call;
  await refuseStarters(run.harness, run.cwd, program.startsFrom);
  const invocation = program.invocation(run, { promptFile: join(stateDir, "prompt.txt"), stateDir }, env);
  for (const [file, text] of Object.entries(invocation.files ?? {})) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const reader = program.reader(run);
  const lines: PrintedLine[] = [];
  const events: UnnamedHarnessEvent[] = [];
  const rest = { stdout: "", stderr: "" };
  const take = (stream: "stdout" | "stderr", line: string): void => {
    lines.push({ stream, line });
    for (const event of reader.line(stream, line)) {
      events.push(event);
      run.onEvent(event);
    }
  };
  const end = await processes.run({
    runId: run.runId,
    harness: run.harness,
    command: path,
    args: invocation.args,
    cwd: run.cwd,
    env: { ...env, ...invocation.env },
    stdin: invocation.stdin,
    timeoutMs,
    graceMs: 1_000,
    maxOutputBytes: program.maxOutputBytes,
    signal: run.signal,
    onOutput(stream, bytes) {
      // The fake model says ASCII only.
      const parts = (rest[stream] + Buffer.from(bytes).toString("utf8")).split("\n");
      rest[stream] = parts.pop() ?? "";
      for (const line of parts) take(stream, line);
    },
  });
  for (const stream of ["stdout", "stderr"] as const) if (rest[stream] !== "") take(stream, rest[stream]);
  try {
    return { result: await reader.end(end, noFiles), end, lines, events };
  } catch (error) {
    return { error, end, lines, events };
  }
}
