import type { AtlasConfig } from "./atlas-config.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 4400;

/** Where a gateway listens. */
export interface HttpPlace {
  readonly host: string;
  readonly port: number;
}

/** Where `atlas start` listens; nothing if the configuration wants no HTTP and the command line does not ask for it. */
export function httpPlace(
  { http = {} }: Pick<AtlasConfig, "http">,
  asked: { readonly host?: string | undefined; readonly port?: number | undefined } = {},
): HttpPlace | undefined {
  if (http === false && asked.host === undefined && asked.port === undefined) return undefined;
  const { host = DEFAULT_HOST, port = DEFAULT_PORT } = http === false ? {} : http;
  return { host: asked.host ?? host, port: asked.port ?? port };
}
