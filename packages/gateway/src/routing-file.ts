import { readFile } from "node:fs/promises";
import {
  isRoutingError,
  type KnownCandidates,
  parseRoutingConfig,
  type RoutingConfig,
  RoutingError,
} from "@atlas/routing";

const MAX_CHARACTERS = 1_000_000;

/**
 * Reads the routing configuration from a file, or from an object with the same content. Throws
 * `ATLAS_ROUTING_CONFIG_INVALID`, which names the file and the place in it, but never quotes the value there.
 */
export async function readRouting(
  from: string | RoutingConfig | undefined,
  known: KnownCandidates,
): Promise<RoutingConfig> {
  if (typeof from !== "string") return parseRoutingConfig(from ?? {}, known);
  const value = parseJson(await textOf(from), from);
  try {
    return parseRoutingConfig(value, known);
  } catch (error) {
    if (!isRoutingError(error)) throw error;
    throw new RoutingError(error.code, error.details, `${from}: ${error.message}`);
  }
}

async function textOf(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw invalid(file, code === "ENOENT" ? "there is no such file" : `it cannot be read (${String(code)})`);
  }
  if (text.length > MAX_CHARACTERS) throw invalid(file, `it is longer than ${MAX_CHARACTERS} characters`);
  // Some editors write a byte order mark, which is not part of the JSON (RFC 8259, section 8.1).
  return text.replace(/^\uFEFF/, "");
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message of the parser quotes the file, which could hold a key by mistake.
    const place = /at position (\d+)/.exec(String(error))?.[1];
    const line = place === undefined ? undefined : text.slice(0, Number(place)).split("\n").length;
    throw invalid(
      file,
      line === undefined ? "it is not valid JSON" : `it is not valid JSON: see line ${line}`,
    );
  }
}

function invalid(file: string, problem: string): RoutingError {
  return new RoutingError(
    "ATLAS_ROUTING_CONFIG_INVALID",
    { path: "", problems: [problem] },
    `The routing file ${file} cannot be used: ${problem}.`,
  );
}
