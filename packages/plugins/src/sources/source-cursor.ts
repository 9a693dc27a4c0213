import type { JsonValue } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { PluginError } from "../contract/errors.ts";
import type { SourcePlugin } from "../contract/source.ts";

/** The stored cursor as the source's schema gives it. Throws `ATLAS_PLUGINS_CURSOR_INVALID`. */
export async function readSourceCursor(
  source: SourcePlugin,
  stored: JsonValue | undefined,
): Promise<unknown> {
  if (stored === undefined || source.cursor === undefined) return stored;
  const read = await source.cursor["~standard"].validate(stored);
  if (read.issues === undefined) return read.value;
  const { path, reason } = described(read.issues);
  throw new PluginError(
    "ATLAS_PLUGINS_CURSOR_INVALID",
    { id: source.id, path },
    `The stored cursor of the source "${source.id}" does not match its cursor schema${at(path)}: ${reason}. An earlier version of the source probably stored it. Change the schema so that it accepts the old form too, or call gateway.sync("${source.id}", { full: true }) to read everything again.`,
  );
}

/** Refuses a cursor that the source could not read again. Throws `ATLAS_PLUGINS_CURSOR_INVALID`. */
export async function checkSourceCursor(source: SourcePlugin, cursor: unknown): Promise<void> {
  if (source.cursor === undefined) return;
  const read = await source.cursor["~standard"].validate(cursor);
  if (read.issues === undefined) return;
  const { path, reason } = described(read.issues);
  throw new PluginError(
    "ATLAS_PLUGINS_CURSOR_INVALID",
    { id: source.id, path },
    `The source "${source.id}" passed a cursor to ctx.checkpoint that does not match its cursor schema${at(path)}: ${reason}. Pass what the schema accepts.`,
  );
}

function described([issue]: readonly StandardSchemaV1.Issue[]): {
  readonly path: string;
  readonly reason: string;
} {
  const path = (issue?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  return { path: path.join(".").slice(0, 255), reason: issue?.message ?? "its schema gives no reason" };
}

function at(path: string): string {
  return path === "" ? "" : ` at "${path}"`;
}
