import { basename } from "node:path";
import { redactSecrets } from "@atlas/routing/internal";
import { agentEnvironment } from "../processes/agent-environment.ts";
import type { Program } from "../processes/owned-processes.ts";

/** One run of a program, as it stands in a cassette. */
export interface RecordedRun {
  readonly call: RecordedCall;
  /** What the program printed, in the pieces and at the times in which it came. */
  readonly output: readonly RecordedPiece[];
  /** What it changed in its folder. */
  readonly files: readonly RecordedFile[];
  readonly end: {
    readonly exit_code?: number;
    readonly signal?: string;
    readonly ended_by: "itself" | "timeout" | "idle";
    readonly duration_ms: number;
    readonly truncated?: readonly ("stdout" | "stderr")[];
  };
}

/** What tells one run from another. Folders and ids that are new each time are written as marks. */
export interface RecordedCall {
  readonly harness: string;
  /** The name of the program, without its folder. */
  readonly command: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Names of variables, besides those that every agent gets. Their values are not recorded. */
  readonly env: readonly string[];
}

export interface RecordedPiece {
  readonly stream: "stdout" | "stderr";
  readonly at_ms: number;
  readonly text: string;
}

export type RecordedFile =
  | { readonly path: string; readonly text: string; readonly executable?: true }
  | { readonly path: string; readonly base64: string; readonly executable?: true }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly deleted: true };

/** Makes texts of one run comparable with those of another, and free of secrets. */
export interface Marks {
  /** Replaces folders and ids of this run by marks, and secrets. */
  clean(text: string): string;
  /** Puts the folders of this run in place of the marks. */
  fill(text: string): string;
}

const CWD = "<<cwd>>";
const FILES = "<<files>>";
const RUN = "<<run>>";
const SHORTEST_SECRET = 8;

/** The marks of one run. */
export function marksOf(
  program: Program,
  redact: (text: string) => string,
  secrets: readonly string[],
): Marks {
  const known = [...secrets, ...secretsIn(program.env)];
  return {
    clean(text) {
      const marked = text
        .replaceAll(program.cwd, CWD)
        .replaceAll(program.runId, RUN)
        .replaceAll(/[^\s"'=,:]*\/atlas-run-\d+-[A-Za-z0-9]+/g, FILES);
      return redactSecrets(redact(marked), known);
    },
    fill: (text) => text.replaceAll(CWD, program.cwd).replaceAll(RUN, program.runId),
  };
}

/** What tells this run from others. */
export function callOf(program: Program, marks: Marks): RecordedCall {
  const { harness, command, args, stdin, env } = program;
  const everyAgent = agentEnvironment({ env });
  return {
    harness,
    command: basename(command),
    args: args.map(marks.clean),
    ...(stdin === undefined ? {} : { stdin: marks.clean(stdin) }),
    env: Object.keys(env)
      .filter((name) => !Object.hasOwn(everyAgent, name))
      .sort(),
  };
}

/** Cleans pieces of output. Where a secret or a folder is split between two pieces, the stream becomes a single piece. */
export function cleanPieces(pieces: readonly RecordedPiece[], marks: Marks): readonly RecordedPiece[] {
  const streams = new Map(
    (["stdout", "stderr"] as const).map((stream) => {
      const own = pieces.filter((piece) => piece.stream === stream);
      const whole = marks.clean(own.map(({ text }) => text).join(""));
      const single = own.map((piece) => ({ ...piece, text: marks.clean(piece.text) }));
      const isSame = single.map(({ text }) => text).join("") === whole;
      const last = own.at(-1);
      return [stream, isSame || last === undefined ? single : [{ ...last, text: whole }]];
    }),
  );
  return [...streams.values()].flat().sort((left, right) => left.at_ms - right.at_ms);
}

function secretsIn(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env)
    .filter(
      ([name, value]) => /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i.test(name) && value.length >= SHORTEST_SECRET,
    )
    .map(([, value]) => value);
}
