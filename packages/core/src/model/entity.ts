import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import { idText, MAX_ID_BYTES } from "../contract/id.ts";
import { jsonObject, jsonText } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import { type BoundStatement, excluded, lazyStatement } from "../contract/statement.ts";
import { textProblem } from "../contract/text.ts";
import { timeText } from "../contract/time.ts";
import type { CoreEvents } from "./core-events.ts";
import type { CoreTables, EntityRow } from "./tables.ts";

/**
 * A thing of the outside world, as a source knows it. The default `id` is `<source>:<external_id>`, with `%3A` for a colon and
 * `%25` for a percent sign in the source, so that no two origins share an id. It is a new id if one of them is missing. `deleted_at`
 * marks a tombstone, which lists hide by default.
 */
const entityInput = () =>
  z
    .strictObject({
      id: idText.optional(),
      type: idText,
      source: idText.optional(),
      external_id: idText.optional(),
      title: z.string().optional(),
      url: z.string().optional(),
      data: jsonObject.optional(),
      updated_at: timeText.optional(),
      deleted_at: timeText.nullable().optional(),
    })
    .check((context) => {
      const id = context.value.id === undefined ? originId(context.value) : undefined;
      const problem = id === undefined ? undefined : textProblem(id, { maxBytes: MAX_ID_BYTES });
      if (problem !== undefined) {
        const message = `makes the id "<source>:<external_id>", which ${problem}; give an id`;
        context.issues.push({ code: "custom", message, path: ["external_id"], input: context.value });
      }
    });

/** The input of `entity.upsert`. */
export type EntityInput = z.input<ReturnType<typeof entityInput>>;

// What the indexes hold, and what makes an entity differ besides.
const PLACE = ["type", "source", "external_id"] as const satisfies readonly (keyof EntityRow)[];
const CONTENT = ["title", "url", "data", "deleted_at"] as const satisfies readonly (keyof EntityRow)[];
/** The columns of `entities`. */
export const ENTITY_COLUMNS = ["id", ...PLACE, ...CONTENT, "updated_at"] as const;

// Naming a column in SET makes SQLite rewrite its index entries even when the value is the same (1.5x on random ids):
// so the common case leaves the indexed columns alone, and a second statement moves an entity whose place changed.
const upsertInPlace = (compare: readonly (keyof EntityRow)[]) =>
  lazyStatement<CoreTables, EntityRow>((db, p, { differs, isSame }) =>
    db
      .insertInto("entities")
      .values(p.columns(ENTITY_COLUMNS))
      .onConflict((conflict) =>
        conflict
          .column("id")
          .doUpdateSet((row) => excluded(row, [...CONTENT, "updated_at"]))
          .where((row) =>
            row.and([
              ...PLACE.map((column) => isSame(row.ref(`entities.${column}`), row.ref(`excluded.${column}`))),
              row.or(
                compare.map((column) =>
                  differs(row.ref(`entities.${column}`), row.ref(`excluded.${column}`)),
                ),
              ),
            ]),
          ),
      ),
  );

const upsertEntity = upsertInPlace(CONTENT);
const upsertDatedEntity = upsertInPlace([...CONTENT, "updated_at"]);

const moveEntity = lazyStatement<CoreTables, EntityRow>((db, p, { differs }) =>
  db
    .updateTable("entities")
    .set(p.columns([...PLACE, ...CONTENT, "updated_at"]))
    .where("id", "=", p.id)
    .where((row) => row.or(PLACE.map((column) => differs(row.ref(column), p[column])))),
);

const command = defineCommand<CoreTables, CoreEvents>();

/**
 * Writes an entity as a whole. If it equals the stored one, nothing changes and no event is emitted; `updated_at` is
 * compared only if the caller gives it. `at` (default: now) becomes the `updated_at` of an entity without one.
 */
export const entityUpsert = command({
  schema: lazySchema(() => z.object({ entity: entityInput(), at: timeText.optional() })),
  prepare: ({ entity, at }, { now, newId }) => ({
    entity: { ...entity, id: entity.id ?? originId(entity) ?? newId() },
    at: at ?? now,
  }),
  apply: ({ entity, at }, change) => {
    const row: EntityRow = {
      id: entity.id,
      type: entity.type,
      source: entity.source ?? null,
      external_id: entity.external_id ?? null,
      title: entity.title ?? null,
      url: entity.url ?? null,
      data: entity.data === undefined ? null : jsonText(entity.data),
      updated_at: entity.updated_at ?? at,
      deleted_at: entity.deleted_at ?? null,
    };
    const upsert = entity.updated_at === undefined ? upsertEntity : upsertDatedEntity;
    const alternatives: [BoundStatement<CoreTables>, BoundStatement<CoreTables>] = [
      upsert.with(row),
      moveEntity.with(row),
    ];
    change.runFirst(alternatives, { ifNone: "stop" });
    change.emit({
      type: row.deleted_at === null ? "entity.upserted" : "entity.deleted",
      aggregate_id: row.id,
      payload: { type: row.type },
    });
  },
});

function originId(record: {
  readonly source?: string | undefined;
  readonly external_id?: string | undefined;
}): string | undefined {
  const { source, external_id } = record;
  if (source === undefined || external_id === undefined) return undefined;
  return `${escaped(source)}:${external_id}`;
}

/** Most sources hold neither sign, and their entities keep the ids that they have had from the beginning. */
function escaped(source: string): string {
  return source.replaceAll("%", "%25").replaceAll(":", "%3A");
}
