import { sql } from "@atlas/core/internal";
import type { Gateway } from "@atlas/gateway";
import { readRouting } from "@atlas/gateway/compose";
import { failureOf } from "../../command/failure.ts";
import type { LoadedConfig } from "../../config/load-config.ts";
import { openGateway } from "../../reach/with-gateway.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/** What only the configured gateway can tell: its SQLite, its plugins, which models and which agents it can ask. */
export async function checkGateway(loaded: LoadedConfig): Promise<readonly Finding[]> {
  let gateway: Gateway;
  try {
    // In memory: nothing is locked, migrated or recovered.
    gateway = await openGateway(loaded, { database: ":memory:" });
  } catch (error) {
    return [problem("gateway options", failureOf(error).message)];
  }
  await using opened = gateway;
  return [
    await checkSqlite(opened, loaded),
    checkPlugins(loaded),
    ...(await checkModels(opened, loaded)),
    ...(await checkAgents(opened)),
  ];
}

async function checkSqlite(gateway: Gateway, { config }: LoadedConfig): Promise<Finding> {
  const row = await gateway.repo.select
    .selectNoFrom(sql<string>`sqlite_version()`.as("version"))
    .executeTakeFirstOrThrow();
  return ok("sqlite", `SQLite ${row.version} in ${config.driver ?? "better-sqlite3"}`);
}

function checkPlugins({ config }: LoadedConfig): Finding {
  const { sources = [], workflows = [], sinks = [], extensions = [] } = config;
  const all = [config, ...extensions];
  const count = (of: (part: (typeof all)[number]) => readonly unknown[] | undefined): number =>
    all.reduce((sum, part) => sum + (of(part)?.length ?? 0), 0);
  const found = `${count((part) => part.sources)} sources, ${count((part) => part.workflows)} workflows, ${count((part) => part.sinks)} sinks`;
  if (sources.length + workflows.length + sinks.length + extensions.length > 0) return ok("plugins", found);
  return warning("plugins", found, "Add a source, a workflow or a sink to the configuration.");
}

async function checkModels(gateway: Gateway, { config }: LoadedConfig): Promise<readonly Finding[]> {
  if (config.llm !== undefined) return [ok("models", "one runtime of your own answers every call")];
  const { llm } = await readRouting(config.routing, {
    models: [...Object.keys(config.providers ?? {}), ...Object.keys(config.models ?? {})],
    harnesses: Object.keys(config.agents?.drivers ?? {}),
  });
  if (config.routing === undefined && config.providers === undefined)
    return [
      warning("models", "a mock answers every call", "Name a routing file as `routing` to ask real models."),
    ];
  const plans = Object.keys(llm?.profiles ?? {}).map((profile) => gateway.llm.explainRoute(profile));
  return plans.map(({ profile, candidates }) => {
    const states = candidates
      .map(({ candidate, state, reason }) => `${candidate}: ${state === "ready" ? "ready" : reason}`)
      .join("; ");
    const ready = candidates.filter(({ state }) => state === "ready");
    if (ready.some(({ candidate }) => candidate !== "mock")) return ok(`profile ${profile}`, states);
    return warning(`profile ${profile}`, states, "Set the missing keys, or install the missing packages.");
  });
}

async function checkAgents(gateway: Gateway): Promise<readonly Finding[]> {
  const agents = (await gateway.harness?.available()) ?? {};
  return Object.entries(agents).map(([name, { installed, version, path, reason }]) =>
    installed
      ? ok(`agent ${name}`, [version, path].filter((part) => part !== undefined).join(" at "))
      : warning(
          `agent ${name}`,
          reason ?? "not installed",
          "Install it, or take it out of the routing file.",
        ),
  );
}
