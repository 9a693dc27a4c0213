import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { HarnessError } from "../contract/errors.ts";
import type { RecordedRun } from "./recorded-run.ts";

const VERSION = 1;

/** Reads a cassette; resolves with `undefined` if there is no file. Rejects with `ATLAS_HARNESS_CASSETTE_INVALID`. */
export async function readCassette(path: string): Promise<readonly RecordedRun[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw invalidCassette(path, "the file", "it cannot be read", cause);
  }
  let cassette: unknown;
  try {
    cassette = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw invalidCassette(path, "the file", "it is not JSON", cause);
  }
  if (!isObject(cassette)) throw invalidCassette(path, "the file", "it is not an object");
  if (cassette["atlas_harness_cassette"] !== VERSION) {
    throw invalidCassette(
      path,
      "atlas_harness_cassette",
      `it is not ${VERSION}, the only version that is known here`,
    );
  }
  const { runs } = cassette;
  if (!Array.isArray(runs)) throw invalidCassette(path, "runs", "it is not a list");
  for (const [index, run] of runs.entries()) {
    const problem = problemOf(run);
    if (problem !== undefined) throw invalidCassette(path, `runs[${index}]${problem.at}`, problem.is);
  }
  // Sound: `problemOf` has checked every field of every run.
  return runs as readonly RecordedRun[];
}

/**
 * Writes a cassette atomically: into a file beside it first, which then replaces it. Only the owner can read it, because goals and files
 * can hold what no shape gives away.
 */
export async function writeCassette(path: string, runs: readonly RecordedRun[]): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ atlas_harness_cassette: VERSION, runs }, null, 2);
    await writeFile(beside, `${text}\n`, { flag: "wx", flush: true, mode: 0o600 });
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw invalidCassette(path, "the file", "it cannot be written", cause);
  }
}

/** The error of a cassette that cannot be used. */
export function invalidCassette(path: string, at: string, is: string, cause?: unknown): HarnessError {
  return new HarnessError(
    "ATLAS_HARNESS_CASSETTE_INVALID",
    { path, at },
    `The cassette "${path}" is invalid at ${at}: ${is}. Correct it, or delete the file and record again.`,
    cause === undefined ? {} : { cause },
  );
}

interface Problem {
  readonly at: string;
  readonly is: string;
}

function problemOf(run: unknown): Problem | undefined {
  if (!isObject(run)) return { at: "", is: "it is not an object" };
  const { call, output, files, end } = run;
  return (
    callProblem(call) ??
    listProblem("output", output, pieceProblem) ??
    listProblem("files", files, fileProblem) ??
    endProblem(end)
  );
}

function callProblem(call: unknown): Problem | undefined {
  if (!isObject(call)) return { at: ".call", is: "it is not an object" };
  for (const name of ["harness", "command"]) {
    if (typeof call[name] !== "string") return { at: `.call.${name}`, is: "it is not a text" };
  }
  for (const name of ["args", "env"]) {
    const list = call[name];
    if (!Array.isArray(list) || !list.every((one) => typeof one === "string")) {
      return { at: `.call.${name}`, is: "it is not a list of texts" };
    }
  }
  const { stdin } = call;
  return stdin === undefined || typeof stdin === "string"
    ? undefined
    : { at: ".call.stdin", is: "it is not a text" };
}

function listProblem(
  name: string,
  list: unknown,
  problem: (one: unknown) => string | undefined,
): Problem | undefined {
  if (!Array.isArray(list)) return { at: `.${name}`, is: "it is not a list" };
  for (const [index, one] of list.entries()) {
    const is = problem(one);
    if (is !== undefined) return { at: `.${name}[${index}]`, is };
  }
  return undefined;
}

function pieceProblem(piece: unknown): string | undefined {
  if (!isObject(piece)) return "it is not an object";
  const { stream, at_ms, text } = piece;
  if (stream !== "stdout" && stream !== "stderr") return 'its "stream" is neither stdout nor stderr';
  if (typeof at_ms !== "number") return 'its "at_ms" is not a number';
  return typeof text === "string" ? undefined : 'its "text" is not a text';
}

function fileProblem(file: unknown): string | undefined {
  if (!isObject(file)) return "it is not an object";
  const { path } = file;
  if (typeof path !== "string" || !isInside(path)) return 'its "path" does not lie below the working folder';
  const kinds = ["text", "base64", "link"].filter((kind) => typeof file[kind] === "string");
  const isOne = kinds.length + (file["deleted"] === true ? 1 : 0) === 1;
  return isOne ? undefined : 'it has not exactly one of "text", "base64", "link" and "deleted"';
}

function endProblem(end: unknown): Problem | undefined {
  if (!isObject(end)) return { at: ".end", is: "it is not an object" };
  const { ended_by, duration_ms, exit_code } = end;
  if (!["itself", "timeout", "idle"].includes(String(ended_by))) {
    return { at: ".end.ended_by", is: "it is none of itself, timeout and idle" };
  }
  if (typeof duration_ms !== "number") return { at: ".end.duration_ms", is: "it is not a number" };
  const isCode = exit_code === undefined || typeof exit_code === "number";
  return isCode ? undefined : { at: ".end.exit_code", is: "it is not a number" };
}

function isInside(path: string): boolean {
  return (
    path !== "" &&
    !/^[/\\]|\0/.test(path) &&
    !path.split(/[/\\]/).some((part) => part === ".." || part === ".git" || part === "")
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
