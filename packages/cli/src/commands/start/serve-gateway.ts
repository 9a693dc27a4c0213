import type { Gateway } from "@atlas/gateway";
import type { GatewayServer } from "@atlas/gateway/http";
import { CommandError } from "../../command/command-error.ts";
import { EXIT } from "../../command/exit-code.ts";
import type { Host } from "../../command/host.ts";
import { type LoadedConfig, wrong } from "../../config/load-config.ts";

/** Listens. Says which file a wrong option is in, and what to do about a port that is taken. */
export async function serveGateway(
  gateway: Gateway,
  {
    loaded,
    place,
    env,
  }: {
    readonly loaded: LoadedConfig;
    readonly place: { readonly host: string; readonly port: number };
    readonly env: Host["env"];
  },
): Promise<GatewayServer> {
  const { serve } = await import("@atlas/gateway/http");
  const { file, config } = loaded;
  const token = env["ATLAS_TOKEN"];
  try {
    return await serve(gateway, {
      ...(config.http === false ? {} : config.http),
      ...place,
      ...(token === undefined || token === "" ? {} : { token }),
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const at = `${place.host}:${place.port}`;
    if (code === "EADDRINUSE")
      throw new CommandError(
        EXIT.refused,
        "ATLAS_CLI_PORT_TAKEN",
        `${at} is taken by another program. Choose another port with --port, or stop that program.`,
        { cause: error },
      );
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw wrong(`${at} cannot be listened on (${code}). Choose another --host or --port.`, error);
    if (error instanceof TypeError) throw wrong(`${file}: http, or ATLAS_TOKEN: ${error.message}`, error);
    throw error;
  }
}
