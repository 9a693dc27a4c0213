import { canonicalJson, isCoreError, type JsonValue } from "@atlas/core";
import { PluginError } from "../contract/errors.ts";

/** What gave a result: the step with this name, or the `run` of the job with this id. */
export type ResultOwner = { readonly step: string } | { readonly job: string };

/** The largest result of a step or a job, as UTF-8 bytes of its JSON: 64 KiB. */
export const MAX_RESULT_BYTES = 64 * 1024;

/**
 * A result as it will be read later, so that nobody sees another one now; nothing for `undefined`. Throws a `PluginError` for one that is
 * too large, or is not JSON.
 */
export function checkedResult(result: unknown, of: ResultOwner): JsonValue | undefined {
  if (result === undefined) return undefined;
  const text = textOf(result, of);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_RESULT_BYTES) throw tooLarge(of, sizeBytes);
  return JSON.parse(text) as JsonValue;
}

function textOf(result: unknown, of: ResultOwner): string {
  try {
    return canonicalJson(result);
  } catch (cause) {
    throw notJson(of, cause);
  }
}

function tooLarge(of: ResultOwner, sizeBytes: number): PluginError {
  const sizes = { sizeBytes, limitBytes: MAX_RESULT_BYTES };
  const message = `The result of ${named(of)} has ${sizeBytes} bytes of JSON; at most ${MAX_RESULT_BYTES} are allowed. Store it in an artifact or a file and return its id.`;
  return "step" in of
    ? new PluginError("ATLAS_PLUGINS_STEP_TOO_LARGE", { name: of.step, ...sizes }, message)
    : new PluginError("ATLAS_PLUGINS_RESULT_TOO_LARGE", { id: of.job, ...sizes }, message);
}

function notJson(of: ResultOwner, cause: unknown): PluginError {
  const path = isCoreError(cause, "ATLAS_CORE_JSON_INVALID") ? cause.details.path : "";
  const reason = cause instanceof Error ? cause.message : "it cannot be read.";
  const message = `The result of ${named(of)} is not JSON: ${reason}`;
  return "step" in of
    ? new PluginError("ATLAS_PLUGINS_STEP_INVALID", { name: of.step, path }, message, { cause })
    : new PluginError("ATLAS_PLUGINS_RESULT_INVALID", { id: of.job, path }, message, { cause });
}

function named(of: ResultOwner): string {
  return "step" in of ? `the step "${of.step}"` : `the job "${of.job}"`;
}
