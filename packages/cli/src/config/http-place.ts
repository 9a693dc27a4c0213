import type { AtlasConfig } from "./atlas-config.ts";

/** Where `atlas start` listens unless it is told. */
export const DEFAULT_HOST = "127.0.0.1";
export const DEFAULT_PORT = 4117;

/** Where a configuration wants to listen; nothing if it wants no HTTP. */
export function httpPlace({ http = {} }: Pick<AtlasConfig, "http">): { readonly host: string; readonly port: number } | undefined {
  if (http === false) return undefined;
  return { host: http.host ?? DEFAULT_HOST, port: http.port ?? DEFAULT_PORT };
}
