import { ProblemError } from "../problem/problem-error.ts";
import { JsonProblem, scanJson } from "./scan-json.ts";

// Throws on bytes that are not UTF-8, and leaves a byte order mark in the text, where it is refused.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The JSON value of a body. */
export function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw invalid("It is empty.");
  try {
    const text = decoder.decode(bytes);
    scanJson(text);
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof JsonProblem) throw invalid(error.message);
    // The engine's own message quotes the body.
    if (error instanceof SyntaxError) throw invalid("It is not JSON.");
    throw invalid("It is not UTF-8.");
  }
}

function invalid(what: string): ProblemError {
  return new ProblemError("ATLAS_HTTP_BODY_INVALID", `The body cannot be used. ${what}`);
}
