import { sql } from "kysely";
import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import { notFound } from "../contract/errors.ts";
import { idText } from "../contract/id.ts";
import { jsonObject, jsonText } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { excluded, lazyStatement, query } from "../contract/statement.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { ArtifactRow, CoreTables } from "./tables.ts";

/** The longest `content_md`, in bytes of UTF-8: 1 MiB. Larger results belong in files that an artifact names. */
export const MAX_CONTENT_BYTES = 1024 * 1024;

const contentText = z.string().check((context) => {
  if (context.value.length * 3 <= MAX_CONTENT_BYTES) return;
  const sizeBytes = Buffer.byteLength(context.value);
  if (sizeBytes > MAX_CONTENT_BYTES) {
    context.issues.push({
      code: "custom",
      message: `is ${sizeBytes} bytes long; at most ${MAX_CONTENT_BYTES} (1 MiB) are allowed`,
      input: context.value,
      params: { sizeBytes, limitBytes: MAX_CONTENT_BYTES },
    });
  }
});

/** A result of a workflow: Markdown, data, or both. */
const newArtifact = () =>
  z.strictObject({
    id: idText.optional(),
    type: idText,
    job_id: idText.optional(),
    title: z.string().optional(),
    content_md: contentText.optional(),
    data: jsonObject.optional(),
    created_at: timeText.optional(),
  });

/** The input of `artifact.create`. */
export type NewArtifact = z.input<ReturnType<typeof newArtifact>>;

/** The fields of an artifact that may change. Absent fields keep their value. */
const partialArtifact = () =>
  z.strictObject({
    title: z.string().optional(),
    content_md: contentText.optional(),
    data: jsonObject.optional(),
    updated_at: timeText.optional(),
  });

/** The input of `artifact.update`. */
export type PartialArtifact = z.input<ReturnType<typeof partialArtifact>>;

// What makes an artifact differ from the one it replaces.
const CONTENT = [
  "type",
  "job_id",
  "title",
  "content_md",
  "data",
] as const satisfies readonly (keyof ArtifactRow)[];
/** The columns of `artifacts`. */
export const ARTIFACT_COLUMNS = ["id", ...CONTENT, "created_at", "updated_at"] as const;

const createArtifact = lazyStatement<CoreTables, ArtifactRow>((db, p, { differs }) =>
  db
    .insertInto("artifacts")
    .values(p.columns(ARTIFACT_COLUMNS))
    .onConflict((conflict) =>
      conflict
        .column("id")
        .doUpdateSet((row) => excluded(row, [...CONTENT, "updated_at"]))
        .where((row) =>
          row.or(
            CONTENT.map((column) => differs(row.ref(`artifacts.${column}`), row.ref(`excluded.${column}`))),
          ),
        ),
    ),
);

const selectArtifactId = query<CoreTables, { id: string }>()((db, p) =>
  db.selectFrom("artifacts").select("id").where("id", "=", p.id),
);

const deleteArtifact = lazyStatement<CoreTables, { id: string; job_id: string | null }>((db, p) =>
  db
    .deleteFrom("artifacts")
    .where("id", "=", p.id)
    .where((row) => row.or([sql<boolean>`${p.job_id} is null`, row("job_id", "=", p.job_id)])),
);

/** The values of an update; null leaves a field as it is, for a patch cannot clear one. */
interface ArtifactPatch {
  id: string;
  title: string | null;
  content_md: string | null;
  data: string | null;
  updated_at: string;
}

const PATCHED = ["title", "content_md", "data"] as const;

const updateArtifact = lazyStatement<CoreTables, ArtifactPatch>((db, p, { differs }) =>
  db
    .updateTable("artifacts")
    .set((row) => ({
      title: row.fn.coalesce(p.title, "title"),
      content_md: row.fn.coalesce(p.content_md, "content_md"),
      data: row.fn.coalesce(p.data, "data"),
      updated_at: p.updated_at,
    }))
    .where("id", "=", p.id)
    .where((row) =>
      row.or(PATCHED.map((column) => differs(row.ref(column), row.fn.coalesce(p[column], column)))),
    ),
);

const command = defineCommand<CoreTables, CoreEvents>();

/** Stores an artifact. If the id exists, it replaces that artifact, so that a retried attempt never duplicates its results. */
export const artifactCreate = command({
  schema: lazySchema(() => z.object({ artifact: newArtifact() })),
  prepare: ({ artifact }, { now, newId }) => ({
    artifact: { ...artifact, id: artifact.id ?? newId(), created_at: artifact.created_at ?? now },
  }),
  apply: ({ artifact }, change) => {
    const row: ArtifactRow = {
      id: artifact.id,
      type: artifact.type,
      job_id: artifact.job_id ?? null,
      title: artifact.title ?? null,
      content_md: artifact.content_md ?? null,
      data: artifact.data === undefined ? null : jsonText(artifact.data),
      created_at: artifact.created_at,
      updated_at: artifact.created_at,
    };
    change.run(createArtifact, row, { ifNone: "stop" });
    change.emit({
      type: "artifact.created",
      aggregate_id: row.id,
      payload: { type: row.type, ...(row.job_id === null ? {} : { job_id: row.job_id }) },
    });
  },
});

/** Changes the given fields of an artifact. Refused with `ATLAS_CORE_NOT_FOUND` if the artifact does not exist. */
export const artifactUpdate = command({
  schema: lazySchema(() => z.object({ id: idText, patch: partialArtifact() })),
  prepare: ({ id, patch }, { now }) => ({ id, patch: { ...patch, updated_at: patch.updated_at ?? now } }),
  apply: ({ id, patch }, change) => {
    change.require(selectArtifactId, { id }, notFound("artifact", id));
    const values: ArtifactPatch = {
      id,
      title: patch.title ?? null,
      content_md: patch.content_md ?? null,
      data: patch.data === undefined ? null : jsonText(patch.data),
      updated_at: patch.updated_at,
    };
    change.run(updateArtifact, values, { ifNone: "stop" });
    change.emit({ type: "artifact.updated", aggregate_id: id });
  },
});

/** Removes an artifact; with `job_id`, only if it belongs to that job. If there is no such artifact, nothing changes. */
export const artifactDelete = command({
  schema: lazySchema(() => z.object({ id: idText, job_id: idText.optional() })),
  apply: ({ id, job_id }, change) => {
    change.run(deleteArtifact, { id, job_id: job_id ?? null }, { ifNone: "stop" });
    change.emit({
      type: "artifact.deleted",
      aggregate_id: id,
      payload: job_id === undefined ? {} : { job_id },
    });
  },
});
