import type { Gateway } from "@atlas/gateway";
import type { Client } from "@atlas/gateway/client";
import type { Call } from "../command/command.ts";
import { usage } from "../command/command-error.ts";
import type { gatewayArgs } from "../command/common-args.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import { wrong } from "../config/load-config.ts";
import { findGateway, type ReachArgs } from "./find-gateway.ts";

/**
 * Does something that writes: through the running gateway, or, where none runs, with the gateway of the configuration, which is opened
 * for it and not started.
 */
export async function withGateway<Result>(
  { args, host, output }: Pick<Call<typeof gatewayArgs>, "host" | "output"> & { readonly args: ReachArgs },
  ways: {
    readonly running: (client: Client) => Promise<Result>;
    readonly opened: (gateway: Gateway) => Promise<Result>;
  },
): Promise<Result> {
  const reached = await findGateway(host, args);
  if (reached.kind === "gateway") return ways.running(reached.client);
  if (reached.stale !== undefined) output.note(reached.stale);
  const { loaded } = reached.database;
  if (loaded === undefined)
    throw usage(
      "Without a running gateway, this needs its configuration. Name that with --config, or leave --database out.",
    );
  await using gateway = await openGateway(loaded);
  return await ways.opened(gateway);
}

/** Creates the gateway of a configuration, without starting it. Says which file a wrong option is in. */
export async function openGateway(
  { file, config }: LoadedConfig,
  overrides: { readonly database?: string } = {},
): Promise<Gateway> {
  const { createGateway } = await import("@atlas/gateway");
  const { http: _, ...options } = config;
  try {
    // Every gateway has what one without modules and services of its own has.
    return (await createGateway({ ...options, ...overrides })) as unknown as Gateway;
  } catch (error) {
    // The options were wrong; everything else that can go wrong has a code and names its file.
    if (error instanceof TypeError) throw wrong(`${file}: ${error.message}`, error);
    throw error;
  }
}
