import { canonicalJson, type Job, type JsonObject, type JsonValue } from "@atlas/core";
import { PluginError } from "@atlas/plugins";
import type { Wanted, WantedKey } from "./job-request.ts";

/** Refuses a request whose key belongs to a job with another input. */
export function checkInput(found: Pick<Job, "id" | "input">, job: Wanted["job"], key: WantedKey): void {
  if (canonicalJson(found.input) !== canonicalJson(job.input ?? {})) throw conflict(found, job, key);
}

/** The error of a key that belongs to a job with another input. */
export function conflict(
  { id, input }: Pick<Job, "id" | "input">,
  job: Wanted["job"],
  { key }: WantedKey,
): PluginError {
  const { workflow_id } = job;
  const path = differenceOf(input, job.input ?? {});
  return new PluginError(
    "ATLAS_PLUGINS_KEY_CONFLICT",
    { id, workflow_id, key, path },
    `The job "${id}" of the workflow "${workflow_id}" has the key "${key}" already, with another input${path === "" ? "" : ` (they differ at "${path}")`}. No job was created. Use another key for this input, or the same input for this key.`,
  );
}

/** The error of an idempotency key whose job will not run any more. */
export function ended({ id, workflow_id, status, error }: Job, key: string): PluginError {
  const why = typeof error?.["message"] === "string" ? `: ${error["message"]}` : "";
  return new PluginError(
    "ATLAS_PLUGINS_KEY_ENDED",
    { id, workflow_id, key, status },
    `The job "${id}" with the idempotency key "${key}" of the workflow "${workflow_id}" ${status === "failed" ? `has failed${why}` : "was cancelled"}. No job was created. Call jobs.redrive("${id}"), use another key, or pass unique: { key, while: "active" }.`,
  );
}

/** The first place at which two inputs differ. */
function differenceOf(left: JsonObject, right: JsonObject): string {
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const [one, other] = [left[name], right[name]];
    if (one === undefined || other === undefined) return name;
    if (canonicalJson(one) === canonicalJson(other)) continue;
    if (!isObject(one) || !isObject(other)) return name;
    return `${name}.${differenceOf(one, other)}`;
  }
  return "";
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
