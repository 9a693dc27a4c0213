/** What one package of Atlas may depend on. */
export interface Boundary {
  /** Packages of Atlas whose values and types it may import. */
  readonly imports: readonly string[];
  /** Packages of Atlas of which it may import types only. */
  readonly importsTypes?: readonly string[];
  /** Packages of others, as dependencies or peers. */
  readonly thirdParty: readonly string[];
  /** What only the sources below one folder of `src` may import in addition. */
  readonly onlyUnder?: readonly FolderBoundary[];
}

/** What the sources below one folder may import in addition to what the whole package may. */
export interface FolderBoundary {
  readonly folder: string;
  readonly imports?: readonly string[];
  readonly thirdParty?: readonly string[];
}

/**
 * All packages of Atlas, and what each may import. A package may import only packages listed before it. This is the one place
 * for a new package: add a row, create its folder and package.json, and run `npm run references`.
 */
export const boundaries: Readonly<Record<string, Boundary>> = {
  // leven: docs/decisions/0001-leven.md
  core: { imports: [], thirdParty: ["better-sqlite3", "kysely", "zod", "leven"] },
  routing: { imports: [], thirdParty: ["zod", "leven"] },
  llm: {
    imports: ["routing"],
    // yaml: docs/decisions/0022-yaml.md
    thirdParty: ["ai", "@ai-sdk/*", "@standard-schema/spec", "yaml"],
    onlyUnder: [
      { folder: "tracing", thirdParty: ["@opentelemetry/api"] },
      // docs/decisions/0027-the-models-own-module.md; kysely and zod are core's peers.
      { folder: "module", imports: ["core"], thirdParty: ["kysely", "zod"] },
    ],
  },
  harness: {
    imports: ["routing"],
    thirdParty: [],
    onlyUnder: [
      // Loaded only when an agent that speaks the protocol is started.
      { folder: "drivers/acp", thirdParty: ["@agentclientprotocol/sdk"] },
      // Like the models' own module.
      { folder: "module", imports: ["core"], thirdParty: ["kysely", "zod"] },
    ],
  },
  plugins: {
    imports: ["core"],
    importsTypes: ["llm", "harness"],
    // kysely and zod are core's peers: the module of the plugins' own tables is written with them.
    thirdParty: ["croner", "@standard-schema/spec", "kysely", "zod"],
    // saxes: docs/decisions/0014-saxes.md. routing: what an HTTP status means, said once.
    onlyUnder: [{ folder: "builtin", imports: ["routing"], thirdParty: ["saxes"] }],
  },
  gateway: {
    imports: ["core", "routing", "llm", "harness", "plugins"],
    // Core's peers.
    thirdParty: ["kysely", "zod"],
    onlyUnder: [
      { folder: "http", thirdParty: ["hono", "@hono/node-server"] },
      // For the reasons of docs/decisions/0023-tracing-is-a-subpath.md.
      { folder: "opentelemetry", thirdParty: ["@opentelemetry/api"] },
    ],
  },
  testing: {
    imports: ["core", "routing", "llm", "harness", "plugins", "gateway"],
    thirdParty: ["vitest"],
  },
  cli: {
    imports: ["core", "gateway"],
    // citty: docs/decisions/0038-citty.md. hono and its server are the gateway's peers.
    thirdParty: ["citty", "hono", "@hono/node-server", "kysely", "zod"],
  },
  // Its name on npm is create-atlas: `npm create atlas` looks for that.
  "create-atlas": { imports: ["cli"], thirdParty: [] },
};
