import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { LLMError } from "../contract/errors.ts";
import type { LLMResult } from "../contract/runtime.ts";
import { isObject, type JsonObject } from "./json.ts";

/** One recorded call. */
export interface Interaction {
  /** The options of the call without its signal, deadline and context, and the method as `call`. The keys are sorted. */
  readonly request: JsonObject;
  readonly response: LLMResult;
  /** The pieces of a stream. Joined, they are the text of the response. */
  readonly chunks?: readonly string[];
}

const VERSION = 1;

/** Reads a cassette; resolves with `undefined` if there is no file. Rejects with `ATLAS_LLM_CASSETTE_INVALID`. */
export async function readCassette(path: string): Promise<readonly Interaction[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw invalid(path, "the file", "it cannot be read", cause);
  }
  return parseCassette(path, text);
}

/**
 * Writes a cassette atomically: into a file beside it first, which then replaces it. Only the owner can read the file and the
 * folders that are made for it, because answers and questions can hold what no shape gives away.
 */
export async function writeCassette(path: string, interactions: readonly Interaction[]): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const text = JSON.stringify({ atlas_cassette: VERSION, interactions }, null, 2);
    await writeFile(beside, `${text}\n`, { flag: "wx", flush: true, mode: 0o600 });
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined);
    const message = `The answer was not recorded, because the cassette "${path}" cannot be written. Make its folder writable; the cause has the details.`;
    throw new LLMError("ATLAS_LLM_CASSETTE_UNWRITTEN", { path }, message, { cause });
  }
}

function parseCassette(path: string, text: string): readonly Interaction[] {
  let cassette: unknown;
  try {
    cassette = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw invalid(path, "the file", "it is not JSON", cause);
  }
  if (!isObject(cassette)) throw invalid(path, "the file", "it is not an object");
  if (cassette["atlas_cassette"] !== VERSION) {
    throw invalid(path, "atlas_cassette", `it is not ${VERSION}, the only version that is known here`);
  }
  const list = cassette["interactions"];
  if (!Array.isArray(list)) throw invalid(path, "interactions", "it is not a list");
  return list.map((interaction, index) => {
    const problem = problemOf(interaction);
    if (problem !== undefined) throw invalid(path, `interactions[${index}]${problem.at}`, problem.is);
    // Sound: `problemOf` has checked these fields; the rest of a response is passed on as it was recorded.
    return interaction as unknown as Interaction;
  });
}

function problemOf(interaction: unknown): { readonly at: string; readonly is: string } | undefined {
  if (!isObject(interaction)) return { at: "", is: "it is not an object" };
  const { request, response, chunks } = interaction;
  if (!isObject(request)) return { at: ".request", is: "it is not an object" };
  if (!isObject(response)) return { at: ".response", is: "it is not an object" };
  for (const field of ["text", "provider"]) {
    if (typeof response[field] !== "string") return { at: `.response.${field}`, is: "it is not a text" };
  }
  if (chunks === undefined) return undefined;
  if (!Array.isArray(chunks) || !chunks.every((chunk) => typeof chunk === "string")) {
    return { at: ".chunks", is: "it is not a list of texts" };
  }
  return chunks.join("") === response["text"]
    ? undefined
    : { at: ".chunks", is: "together they are not the response's text" };
}

function invalid(path: string, at: string, is: string, cause?: unknown): LLMError {
  const message = `The cassette "${path}" is invalid at ${at}: ${is}. Correct it, or delete the file and record again.`;
  return new LLMError(
    "ATLAS_LLM_CASSETTE_INVALID",
    { path, at },
    message,
    cause === undefined ? {} : { cause },
  );
}
