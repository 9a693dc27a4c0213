import { type Kysely, sql } from "kysely";
import type { Migration } from "../../contract/module.ts";

interface Tables {
  entities: { id: string; source: string | null; external_id: string | null };
  events: { entity_id: string | null };
  domain_events: { type: string; aggregate_id: string | null };
}

const OLD = sql<string>`origin.source || ':' || origin.external_id`;
const NEW = sql<string>`replace(replace(origin.source, '%', '%25'), ':', '%3A') || ':' || origin.external_id`;

/**
 * Ids of entities whose source holds a colon or a percent sign: "a:b" + "c" and "a" + "b:c" had one id. What refers to such an id
 * follows. An id that an entity has by another name is left as it is.
 */
export const entityIds: Migration = (db) => {
  const known = db as Kysely<unknown> as Kysely<Tables>;
  const renamed = known
    .selectFrom("entities as origin")
    .where(sql<boolean>`origin.id = ${OLD}`)
    .where(sql<boolean>`(instr(origin.source, ':') > 0 or instr(origin.source, '%') > 0)`)
    .where(sql<boolean>`not exists (select 1 from entities as other where other.id = ${NEW})`);
  const newIdOf = (column: string) =>
    renamed.where(sql<boolean>`origin.id = ${sql.ref(column)}`).select(NEW.as("id"));
  return [
    known
      .updateTable("events")
      .set({ entity_id: newIdOf("events.entity_id") })
      .where("entity_id", "in", renamed.select("origin.id")),
    known
      .updateTable("domain_events")
      .set({ aggregate_id: newIdOf("domain_events.aggregate_id") })
      .where("type", "in", sql<string>`('entity.upserted', 'entity.deleted')`)
      .where("aggregate_id", "in", renamed.select("origin.id")),
    known
      .updateTable("entities")
      .set({ id: newIdOf("entities.id") })
      .where("id", "in", renamed.select("origin.id")),
  ];
};
