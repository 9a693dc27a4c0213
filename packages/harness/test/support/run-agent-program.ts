import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HarnessRun, HarnessRunResult } from "../../src/contract/driver.ts";
import type { UnnamedHarnessEvent } from "../../src/contract/event.ts";
import type { AgentProgram, WorkspaceFiles } from "../../src/programs/agent-program.ts";

/** How a program is called in a test. */
export interface AgentCall {
  readonly program: AgentProgram;
  readonly run: HarnessRun;
  /** The absolute path of the program. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the run may put files. */
  readonly stateDir: string;
  /** Called with each line, as it comes. */
  readonly onLine?: (line: string) => void;
}

/** What became of a call. */
export interface AgentEnding {
  readonly result?: HarnessRunResult;
  readonly error?: unknown;
  readonly exitCode?: number;
  readonly lines: readonly { readonly stream: "stdout" | "stderr"; readonly line: string }[];
  readonly events: readonly UnnamedHarnessEvent[];
}

export const noFiles: WorkspaceFiles = { match: async () => ({ files: [], truncated: false }) };

/** Runs a program with nothing around it: no workspace, no limits. All that carries its tag is ended before this resolves. */
export async function runAgentProgram(call: AgentCall): Promise<AgentEnding> {
  const { program, run, path, env, stateDir } = call;
  const files = { promptFile: join(stateDir, "prompt.txt"), stateDir };
  const invocation = program.invocation(run, files, env);
  for (const [file, text] of Object.entries(invocation.files ?? {})) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const startedAt = performance.now();
  const child = spawn(path, invocation.args, {
    cwd: run.cwd,
    env: { ...env, ...invocation.env, ATLAS_HARNESS_RUN: run.runId },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(invocation.stdin ?? "");
  const reader = program.reader(run);
  const lines: { stream: "stdout" | "stderr"; line: string }[] = [];
  const events: UnnamedHarnessEvent[] = [];
  for (const stream of ["stdout", "stderr"] as const) {
    let rest = "";
    const take = (line: string): void => {
      lines.push({ stream, line });
      events.push(...reader.line(stream, line));
      call.onLine?.(line);
    };
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) take(line);
    });
    child[stream].on("end", () => {
      if (rest !== "") take(rest);
    });
  }
  const end = (): void => void endTagged(run.runId);
  run.signal.addEventListener("abort", end);
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.on("error", reject);
    // A tool that the agent has left behind may hold its streams.
    child.on("exit", (code, by) => {
      endTagged(run.runId);
      child.on("close", () => resolve([code, by]));
    });
  });
  run.signal.removeEventListener("abort", end);
  const ending = { exitCode: exitCode ?? undefined, lines, events };
  try {
    const result = await reader.end(
      {
        ...(exitCode === null ? {} : { exitCode }),
        ...(signal === null ? {} : { signal }),
        endedBy: run.signal.aborted ? "signal" : "itself",
        durationMs: performance.now() - startedAt,
        truncated: { stdout: false, stderr: false },
        leftOvers: 0,
      },
      noFiles,
    );
    return { ...withoutUndefined(ending), result };
  } catch (error) {
    return { ...withoutUndefined(ending), error };
  }
}

/** The processes that carry the tag of a run. */
export function tagged(runId: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8")
          .split("\0")
          .includes(`ATLAS_HARNESS_RUN=${runId}`);
      } catch {
        return false;
      }
    });
}

function endTagged(runId: string): void {
  for (let left = tagged(runId); left.length > 0; left = tagged(runId)) {
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }
}

function withoutUndefined<Ending extends { exitCode: number | undefined }>({ exitCode, ...rest }: Ending) {
  return { ...rest, ...(exitCode === undefined ? {} : { exitCode }) };
}
