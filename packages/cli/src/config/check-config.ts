import { visible } from "../output/visible.ts";

const DRIVERS = ["better-sqlite3", "node:sqlite"];
const LISTS = ["modules", "admit", "extensions", "sources", "workflows", "sinks"];
const MOST_PORT = 65_535;

/**
 * What is wrong with a loaded module as a configuration: the place, what is allowed there, and what was found. Nothing where
 * `createGateway` and `serve` can look further.
 */
export function checkConfig(module: object): string | undefined {
  if (!("default" in module))
    return "it has no default export. Write `export default defineConfig({ database: … })`.";
  const config = module.default;
  if (typeof config !== "object" || config === null || Array.isArray(config))
    return `its default export must be the options of a gateway; got ${shown(config)}.`;
  return checkOptions(config as Readonly<Record<string, unknown>>);
}

function checkOptions(config: Readonly<Record<string, unknown>>): string | undefined {
  const { database, driver, http } = config;
  if (typeof database !== "string" || database === "")
    return `database must be the path of a file, such as "data/atlas.db"; got ${shown(database)}.`;
  if (driver !== undefined && !DRIVERS.includes(driver as string))
    return `driver must be one of ${DRIVERS.join(", ")}; got ${shown(driver)}.`;
  for (const name of LISTS) {
    const list = config[name];
    if (list !== undefined && !Array.isArray(list)) return `${name} must be a list; got ${shown(list)}.`;
  }
  if (http === undefined || http === false) return undefined;
  if (typeof http !== "object" || http === null || Array.isArray(http))
    return `http must be options such as { port: 4400 }, or false; got ${shown(http)}.`;
  if ("token" in http)
    return "http.token must not be in a file. Set the environment variable ATLAS_TOKEN, or run `atlas token create`.";
  const { port, host } = http as { readonly port?: unknown; readonly host?: unknown };
  if (
    port !== undefined &&
    !(Number.isInteger(port) && (port as number) >= 0 && (port as number) <= MOST_PORT)
  )
    return `http.port must be a whole number from 0 to ${MOST_PORT}; got ${shown(port)}.`;
  if (host !== undefined && (typeof host !== "string" || host === ""))
    return `http.host must be a name or an address, such as "127.0.0.1"; got ${shown(host)}.`;
  return undefined;
}

// Never the content of an object: it may hold keys.
function shown(value: unknown): string {
  if (typeof value === "string") return `"${visible(value.slice(0, 60))}"`;
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" && value !== null
    ? "an object"
    : typeof value === "function"
      ? "a function"
      : String(value);
}
