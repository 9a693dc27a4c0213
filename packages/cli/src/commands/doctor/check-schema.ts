import { failureOf } from "../../command/failure.ts";
import type { FoundDatabase } from "../../reach/find-database.ts";
import { readFile } from "../../reach/with-reading.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** A module as far as its migrations go. */
interface Migrated {
  readonly name: string;
  readonly migrations: object;
}

/** Whether the database can be opened, and was not written by a newer Atlas. */
export async function checkSchema(database: FoundDatabase): Promise<Finding> {
  try {
    const { coreModule } = await import("@atlas/core");
    const { gatewayModules } = await import("@atlas/gateway/modules");
    const applied = await readFile(database, (repo) =>
      repo.select.selectFrom("schema_migrations").select(["module", "name"]).execute(),
    );
    const known = new Map(
      [coreModule, ...gatewayModules].map(({ name, migrations }: Migrated) => [
        name,
        Object.keys(migrations),
      ]),
    );
    const newer = applied.find(({ module, name }) => known.get(module)?.includes(name) === false);
    if (newer === undefined) return ok("schema", `${applied.length} migrations, all known`);
    return problem(
      "schema",
      `the database was written by a newer Atlas (${newer.module} ${newer.name})`,
      "Update the packages of Atlas.",
    );
  } catch (error) {
    return problem("schema", failureOf(error).message);
  }
}
