import type { HarnessConfig } from "@atlas/routing";
import { templateParts } from "@atlas/routing/internal";
import type { HarnessDriver } from "../contract/driver.ts";
import { createAcpDriver } from "../drivers/acp/driver.ts";
import { configEnvironment, configModes, createConfigProgram } from "./config-program.ts";
import { createProgramDriver } from "./program-driver.ts";

/** Makes the driver of an entry of `harnesses` in a routing file. */
export function createConfigDriver(id: string, config: HarnessConfig): HarnessDriver {
  if (config.protocol === undefined) return createProgramDriver(id, createConfigProgram(config));
  const { names, own } = configEnvironment(config);
  const modes = configModes(config);
  const driver = createAcpDriver({
    command: config.command,
    args: (config.args_template ?? []).map(textOf),
    envNames: names,
    env: own,
    modes: sessionModes(config),
    ...(config.timeout_ms === undefined ? {} : { timeoutMs: config.timeout_ms }),
  });
  return modes === undefined ? driver : { ...driver, modes };
}

/** The schema allows no placeholder here, but braces may be written as `{{…}}`. */
function textOf(argument: string): string {
  return templateParts(argument)
    .map((part) => (part.type === "text" ? part.text : `{${part.name}}`))
    .join("");
}

function sessionModes({ modes }: HarnessConfig): Readonly<Record<string, string>> {
  if (modes === undefined || Array.isArray(modes)) return {};
  return Object.fromEntries(
    Object.entries(modes).flatMap(([mode, options]) =>
      options?.session_mode === undefined ? [] : [[mode, options.session_mode] as const],
    ),
  );
}
