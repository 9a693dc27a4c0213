export type { Host } from "./command/host.ts";
export type { AtlasConfig, HttpConfig } from "./config/atlas-config.ts";
export { defineConfig } from "./config/define-config.ts";
export { runAtlas } from "./run-atlas.ts";
