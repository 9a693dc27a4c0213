import { basename, isAbsolute, resolve } from "node:path";
import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import { HarnessError, isHarnessError } from "../contract/errors.ts";
import type { OwnedProcesses, Program, ProgramEnd } from "../processes/owned-processes.ts";
import { invalidCassette, readCassette, writeCassette } from "./cassette.ts";
import { applyFiles, changedFiles, folderState } from "./folder-changes.ts";
import {
  callOf,
  cleanPieces,
  type Marks,
  marksOf,
  type RecordedCall,
  type RecordedPiece,
  type RecordedRun,
} from "./recorded-run.ts";
import { differencesOf } from "./run-difference.ts";

/** Where runs of agents are recorded, and what stays out of the file. */
export interface RecordedProcessesOptions {
  /** The path of the cassette, a JSON file. Only one recorder may use it at a time. Missing folders are created. */
  readonly path: string;
  /**
   * - `record`: runs the program and records it. The first run replaces the old content of the file.
   * - `replay`: plays runs back and never starts a program. Use it in CI.
   * - `auto`: plays a run back if the file holds it, and otherwise runs the program and records it.
   */
  readonly mode: "record" | "replay" | "auto";
  /** Runs programs. Needed unless the mode is `replay`. */
  readonly processes?: OwnedProcesses | undefined;
  /**
   * Redacts each text before it is written and before it is compared. It must return the same result for the same text. Everything that
   * looks like a key, and the values of variables whose names say that they hold one, are replaced anyway. Default: nothing else is
   * redacted.
   */
  readonly redact?: ((text: string) => string) | undefined;
  /** Keys that are replaced in every spelling. Default: none. */
  readonly secrets?: readonly string[] | undefined;
  readonly clock?: Clock | undefined;
}

const known: Readonly<Record<keyof RecordedProcessesOptions, true>> = {
  path: true,
  mode: true,
  processes: true,
  redact: true,
  secrets: true,
  clock: true,
};

const modes = ["record", "replay", "auto"] as const;

/**
 * Records what programs of agents do, at the border of the process: arguments, names of variables, standard input, the pieces of their
 * output, how they end, and what they change in their folder. Played back, a run makes the same changes and prints the same, so that
 * drivers and whatever stands above them are tested without an agent, a key or a network. Pass it to a router as `processes`.
 *
 * In `replay` mode, a run that is not in the file rejects with `ATLAS_HARNESS_CASSETTE_MISMATCH`, which names the first difference from
 * the most similar one. The working folder, the id of the run, and folders for files of a run are the same wherever they are. A run that
 * its caller ended is not recorded. Conversations over standard streams (`start`) are passed on, not recorded.
 *
 * @example
 * ```ts
 * import { mkdirSync } from "node:fs";
 *
 * mkdirSync("recorded");
 * const path = "agent.json";
 * const program: Program = {
 *   runId: "r1",
 *   harness: "echo",
 *   command: "/bin/echo",
 *   args: ["hello"],
 *   cwd: `${process.cwd()}/recorded`,
 *   env: {},
 * };
 * const processes = createOwnedProcesses({ stateDir: process.cwd() });
 * await createRecordedProcesses({ path, mode: "record", processes }).run(program);
 * await processes.stop();
 *
 * const replaying = createRecordedProcesses({ path, mode: "replay" });
 * const { exitCode } = await replaying.run({ ...program, runId: "r2" });
 * assert.equal(exitCode, 0);
 * await assert.rejects(replaying.run({ ...program, args: ["bye"] }), /first differs at runs\[0\].args\[0\]/);
 * ```
 */
export function createRecordedProcesses(options: RecordedProcessesOptions): OwnedProcesses {
  checkOptions("createRecordedProcesses", options, Object.keys(known));
  const { mode, processes, redact = (text: string) => text, secrets = [], clock = systemClock } = options;
  if (!modes.includes(mode)) {
    throw new TypeError(
      `createRecordedProcesses: "mode" must be one of ${modes.join(", ")}, but is "${String(mode)}".`,
    );
  }
  if (processes === undefined && mode !== "replay") {
    throw new TypeError(
      `createRecordedProcesses: the mode "${mode}" needs "processes", which run the programs.`,
    );
  }
  const path = resolve(options.path);
  const played = new Map<RecordedRun, number>();
  let opening: Promise<RecordedRun[]> | undefined;
  let writing: Promise<void> = Promise.resolve();

  return {
    async find(command, findOptions) {
      try {
        if (processes !== undefined) return await processes.find(command, findOptions);
      } catch (error) {
        if (mode === "record" || !isHarnessError(error, "ATLAS_HARNESS_UNAVAILABLE")) throw error;
      }
      return isAbsolute(command) ? command : `/recorded/${basename(command)}`;
    },
    async run(program) {
      const marks = marksOf(program, redact, secrets);
      const call = callOf(program, marks);
      opening ??= open();
      const runs = await opening;
      const found = mode === "record" ? undefined : next(runs, call);
      if (found !== undefined) return play(found, program, marks);
      if (processes === undefined || mode === "replay") throw mismatch(runs, call);
      return record({ processes, program, runs, marks, call });
    },
    async start(program) {
      if (processes !== undefined && mode !== "replay") return processes.start(program);
      throw new TypeError(
        `A cassette cannot play back a conversation over standard streams, but "${program.harness}" began one. Test it with a program of your own that speaks the protocol.`,
      );
    },
    async stop() {
      await processes?.stop();
    },
  };

  async function open(): Promise<RecordedRun[]> {
    try {
      const runs = mode === "record" ? [] : await readCassette(path);
      if (runs !== undefined) return [...runs];
      if (mode === "auto") return [];
      throw new HarnessError(
        "ATLAS_HARNESS_CASSETTE_MISSING",
        { path },
        `There is no cassette "${path}" to replay. Record it first with mode "record" or "auto", or correct the path.`,
      );
    } catch (error) {
      // The next run reads the file again, because it may have been corrected.
      opening = undefined;
      throw error;
    }
  }

  /** The run that was recorded for this call, and for the same call again the next one; after the last one, that one again. */
  function next(runs: readonly RecordedRun[], call: RecordedCall): RecordedRun | undefined {
    const same = runs.filter((run) => differencesOf(run.call, call).length === 0);
    const [first] = same;
    if (first === undefined) return undefined;
    const number = played.get(first) ?? 0;
    played.set(first, number + 1);
    return same[Math.min(number, same.length - 1)];
  }

  function mismatch(runs: readonly RecordedRun[], call: RecordedCall): HarnessError {
    const all = runs.map((run, index) => ({ index, differences: differencesOf(run.call, call) }));
    const nearest = all.toSorted((left, right) => left.differences.length - right.differences.length)[0];
    const first = nearest?.differences[0] ?? { at: "", expected: "a recorded run", got: "none" };
    const at = nearest === undefined ? "runs" : `runs[${nearest.index}].${first.at}`;
    const { expected, got } = first;
    return new HarnessError(
      "ATLAS_HARNESS_CASSETTE_MISMATCH",
      { path, at, expected, got },
      `The cassette "${path}" does not hold this run. The most similar one first differs at ${at}: expected ${expected}, got ${got}. Correct the driver or the task, or record again.`,
    );
  }

  async function play(run: RecordedRun, program: Program, marks: Marks): Promise<ProgramEnd> {
    const { end, output, files } = run;
    const truncated = { stdout: false, stderr: false };
    for (const stream of end.truncated ?? []) truncated[stream] = true;
    for (const { stream, text } of output) {
      if (program.signal?.aborted === true) break;
      program.onOutput?.(stream, Buffer.from(marks.fill(text)));
      // Pieces come one by one, as from a program.
      await Promise.resolve();
    }
    if (program.signal?.aborted === true)
      return { endedBy: "signal", durationMs: 0, truncated, leftOvers: 0 };
    try {
      await applyFiles(program.cwd, files, marks.fill);
    } catch (cause) {
      throw invalidCassette(path, "files", cause instanceof Error ? cause.message : String(cause), cause);
    }
    const { exit_code: exitCode, signal, ended_by: endedBy, duration_ms: durationMs } = end;
    return {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      endedBy,
      durationMs,
      truncated,
      leftOvers: 0,
    };
  }

  async function record(one: {
    readonly processes: OwnedProcesses;
    readonly program: Program;
    readonly runs: RecordedRun[];
    readonly marks: Marks;
    readonly call: RecordedCall;
  }): Promise<ProgramEnd> {
    const { program, runs, marks, call } = one;
    const startedAt = clock.monotonic();
    const before = await state(program.cwd);
    const pieces: RecordedPiece[] = [];
    const decoders = {
      stdout: new TextDecoder("utf-8", { ignoreBOM: true }),
      stderr: new TextDecoder("utf-8", { ignoreBOM: true }),
    };
    const keep = (stream: "stdout" | "stderr", text: string): void => {
      if (text !== "") pieces.push({ stream, at_ms: Math.round(clock.monotonic() - startedAt), text });
    };
    const end = await one.processes.run({
      ...program,
      onOutput(stream, bytes) {
        keep(stream, decoders[stream].decode(bytes, { stream: true }));
        program.onOutput?.(stream, bytes);
      },
    });
    keep("stdout", decoders.stdout.decode());
    keep("stderr", decoders.stderr.decode());
    const { endedBy, exitCode, signal, truncated, durationMs } = end;
    if (endedBy === "signal" || endedBy === "stop") return end;
    const cut = (["stdout", "stderr"] as const).filter((stream) => truncated[stream]);
    runs.push({
      call,
      output: cleanPieces(pieces, marks),
      files: await changes(program.cwd, before, marks),
      end: {
        ...(exitCode === undefined ? {} : { exit_code: exitCode }),
        ...(signal === undefined ? {} : { signal }),
        ended_by: endedBy,
        duration_ms: Math.round(durationMs),
        ...(cut.length === 0 ? {} : { truncated: cut }),
      },
    });
    const write = (): Promise<void> => writeCassette(path, runs);
    writing = writing.then(write, write);
    await writing;
    return end;
  }

  async function state(cwd: string) {
    try {
      return await folderState(cwd);
    } catch (cause) {
      throw unrecordable(cwd, cause);
    }
  }

  async function changes(cwd: string, before: Awaited<ReturnType<typeof folderState>>, marks: Marks) {
    try {
      return await changedFiles(cwd, before, marks.clean);
    } catch (cause) {
      throw unrecordable(cwd, cause);
    }
  }

  function unrecordable(cwd: string, cause: unknown): HarnessError {
    const said = cause instanceof Error ? cause.message : String(cause);
    return invalidCassette(
      path,
      "files",
      `the changes in "${cwd}" cannot be recorded, because ${said}`,
      cause,
    );
  }
}
