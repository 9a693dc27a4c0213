import { createHash } from "node:crypto";
import type { CallKind } from "../module/tables.ts";

/** What tells an artifact or a child job of a job from the others. */
export type IdSource =
  | { readonly number: number; readonly step?: string | undefined }
  | { readonly key: string };

// Numbered ids of jobs with short ids are plain. A longer one is digested, so that a chain of children can have any length.
const MAX_PLAIN_BYTES = 128;
const MAX_ROOT = 40;
const MAX_KEY = 24;
const DIGEST_CHARACTERS = 22;

/**
 * The id of what a job makes. It depends on the job's id and on the source only, so every attempt gives the same. It has at most 225
 * bytes, whatever the depth: `<job>:artifact:1` for the first call, else `<first job>:artifact:<key>:<digest>`.
 */
export function derivedId(jobId: string, kind: CallKind, source: IdSource): string {
  if ("number" in source && source.step === undefined) {
    const plain = `${jobId}:${kind}:${source.number}`;
    if (Buffer.byteLength(plain) <= MAX_PLAIN_BYTES) return plain;
  }
  const { label, parts } = namesOf(source);
  return `${cut(rootOf(jobId), MAX_ROOT)}:${kind}:${cut(label, MAX_KEY)}:${digestOf([jobId, kind, ...parts])}`;
}

/** 128 bits of SHA-256 over the JSON of the value, as 22 characters of base64url. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, DIGEST_CHARACTERS);
}

function namesOf(source: IdSource): { readonly label: string; readonly parts: readonly unknown[] } {
  if ("key" in source) return { label: source.key, parts: ["key", source.key] };
  const { number, step } = source;
  return step === undefined
    ? { label: String(number), parts: ["number", number] }
    : { label: step, parts: ["step", step, number] };
}

/** The job at the head of a chain of children, as far as its children's ids show it. */
function rootOf(jobId: string): string {
  const end = jobId.indexOf(":job:");
  return end > 0 ? jobId.slice(0, end) : jobId;
}

function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
