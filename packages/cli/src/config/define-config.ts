import type { StoreModule } from "@atlas/core";
import type { AnyExtension } from "@atlas/gateway";
import type { AtlasConfig } from "./atlas-config.ts";

/**
 * Returns its argument, typed: the default export of `atlas.config.ts`, which every command of `atlas` reads.
 *
 * @example
 * ```ts
 * const config = defineConfig({
 *   database: "data/atlas.db",
 *   workflows: [{ id: "hello.v1", run: async () => undefined }],
 *   http: { port: 4400 },
 * });
 * assert.equal(config.database, "data/atlas.db");
 * ```
 */
export function defineConfig<
  const Modules extends readonly StoreModule[] = readonly [],
  const Extensions extends readonly AnyExtension[] = readonly [],
  HostServices extends Readonly<Record<string, unknown>> = Record<never, never>,
>(config: AtlasConfig<Modules, Extensions, HostServices>): AtlasConfig<Modules, Extensions, HostServices> {
  return config;
}
