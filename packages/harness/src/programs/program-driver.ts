import { stat } from "node:fs/promises";
import { redactSecrets } from "@atlas/routing/internal";
import type {
  HarnessAvailability,
  HarnessDriver,
  HarnessHost,
  HarnessRun,
  HarnessRunResult,
} from "../contract/driver.ts";
import { type AgentDetails, HarnessError, isHarnessError } from "../contract/errors.ts";
import { createWorkspaceFiles } from "../parsers/workspace-files.ts";
import { agentEnvironment } from "../processes/agent-environment.ts";
import type { ProgramEnd } from "../processes/owned-processes.ts";
import type { AgentProgram } from "./agent-program.ts";
import { createOutputPump, type OutputPump } from "./output-pump.ts";
import { openRunFiles } from "./run-files.ts";
import { refuseStarters } from "./starts-from.ts";
import { versionOf } from "./version.ts";

const TIMEOUT_MS = 180_000;
const MOST_OUTPUT_BYTES = 16 * 1_048_576;
const SHORTEST_SECRET = 8;

/**
 * Makes a driver of a program: it finds the program, gives it its arguments, files and environment, reads its output, and ends it when
 * the time is over. `id` is the name under which profiles list it.
 *
 * @example
 * ```ts
 * const driver = createProgramDriver("date", {
 *   command: "date",
 *   envNames: [],
 *   invocation: () => ({ args: ["--iso-8601"] }),
 *   reader: () => {
 *     let today = "";
 *     return {
 *       line: (stream, line) => ((today = line), []),
 *       end: () => ({ summary: today, outputs: [] }),
 *     };
 *   },
 * });
 * assert.equal(driver.timeoutMs, 180_000);
 * ```
 */
export function createProgramDriver(id: string, program: AgentProgram): HarnessDriver {
  const { timeoutMs = TIMEOUT_MS, idleTimeoutMs, modes } = program;
  // Refuses a wrong name before any task comes.
  agentEnvironment({ env: {}, names: program.envNames });
  let known: { readonly file: string; readonly version: string | undefined } | undefined;

  return {
    timeoutMs,
    ...(modes === undefined ? {} : { modes }),
    async available(host) {
      let path: string;
      try {
        path = await host.processes.find(program.command, { harness: id, env: host.env });
      } catch (error) {
        if (!isHarnessError(error)) throw error;
        return { installed: false, reason: error.message };
      }
      return availabilityOf(path, host);
    },
    async run(run, host) {
      run.signal.throwIfAborted();
      await refuseStarters(id, run.cwd, program.startsFrom);
      const command = await host.processes.find(program.command, {
        harness: id,
        env: host.env,
        notBelow: [run.cwd],
      });
      const own = await openRunFiles(host.filesDir);
      try {
        const { envNames: names } = program;
        const given = agentEnvironment({ env: host.env, names, own: run.env });
        const invocation = program.invocation(run, own.files, given);
        await own.write(invocation);
        const env = agentEnvironment({ env: host.env, names, own: { ...invocation.env, ...run.env } });
        const pump = createOutputPump(program.reader(run), run.onEvent);
        const end = await host.processes.run({
          runId: run.runId,
          harness: id,
          command,
          args: invocation.args,
          cwd: run.cwd,
          // Those of the workspace would be refused, and are ours.
          env: { ...env, ...run.workspaceEnv },
          stdin: invocation.stdin,
          timeoutMs,
          idleTimeoutMs,
          maxOutputBytes: program.maxOutputBytes ?? MOST_OUTPUT_BYTES,
          signal: run.signal,
          onOutput: pump.take,
        });
        pump.end();
        return await finish({
          run,
          end,
          pump,
          secrets: secretsIn(program.envNames, { ...host.env, ...run.env }),
        });
      } finally {
        await own.remove();
      }
    },
  };

  async function availabilityOf(path: string, host: HarnessHost): Promise<HarnessAvailability> {
    const { versionArgs: args } = program;
    if (args === undefined) return { installed: true, path };
    const { mtimeMs, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: 0 }));
    const file = `${path} ${mtimeMs} ${size}`;
    if (known?.file !== file) {
      const env = agentEnvironment({ env: host.env, names: program.envNames });
      known = { file, version: await versionOf({ harness: id, command: path, args, env }, host) };
    }
    const { version } = known;
    return { installed: true, path, ...(version === undefined ? {} : { version }) };
  }

  async function finish(run: {
    readonly run: HarnessRun;
    readonly end: ProgramEnd;
    readonly pump: OutputPump;
    readonly secrets: readonly string[];
  }): Promise<HarnessRunResult> {
    const { end, pump, secrets } = run;
    const { exitCode, signal } = end;
    const stderr = redactSecrets(pump.stderr(), secrets);
    const seen = {
      harness: id,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(stderr === "" ? {} : { stderr }),
    };
    if (end.endedBy === "timeout") throw timedOut(seen, timeoutMs, `did not end within ${timeoutMs} ms`);
    if (end.endedBy === "idle") {
      throw timedOut(seen, idleTimeoutMs ?? timeoutMs, `printed nothing for ${idleTimeoutMs} ms`);
    }
    run.run.signal.throwIfAborted();
    if (end.endedBy !== "itself") {
      throw new DOMException(`"${id}" was ended, because the runtime stops.`, "AbortError");
    }
    try {
      const result = await pump.reader().end(end, createWorkspaceFiles(run.run.cwd));
      const truncated =
        result.truncated === true || end.truncated.stdout || end.truncated.stderr || pump.isCut();
      return { ...result, ...(truncated ? { truncated } : {}) };
    } catch (error) {
      throw isHarnessError(error) ? withDetails(error, seen) : error;
    }
  }
}

/** The same error, with what is known besides. A reader sees only what the program prints. */
function withDetails(error: HarnessError, seen: AgentDetails): HarnessError {
  const { code, message, cause } = error;
  // Sound: the fields that are added are those of `AgentDetails`, which the codes of failed agents share, and optional.
  const details = { ...seen, ...error.details } as typeof error.details;
  const said = "stderr" in details && !("stderr" in error.details) ? lastLine(details.stderr) : undefined;
  const whole = said === undefined ? message : `${message} It said: ${said}`;
  return new HarnessError(code, details, whole, cause === undefined ? {} : { cause });
}

const LONGEST_QUOTE = 300;

function lastLine(stderr: string | undefined): string | undefined {
  const line = stderr?.split("\n").findLast((one) => one.trim() !== "");
  return line?.trim().slice(0, LONGEST_QUOTE).toWellFormed();
}

function timedOut(seen: AgentDetails, timeoutMs: number, how: string): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_TIMED_OUT",
    { ...seen, timeoutMs },
    `"${seen.harness}" ${how}, so it was ended with all that it had started. Give it a smaller goal, or raise its limit.`,
  );
}

/** The values of the variables that only this agent gets: keys, most of all. */
function secretsIn(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return names.map((name) => env[name] ?? "").filter((value) => value.length >= SHORTEST_SECRET);
}
