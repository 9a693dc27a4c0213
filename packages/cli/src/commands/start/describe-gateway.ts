import type { Gateway } from "@atlas/gateway";
import type { LoadedConfig } from "../../config/load-config.ts";
import type { Output } from "../../output/output.ts";
import { visible } from "../../output/visible.ts";

/** What a gateway was started with. */
export interface StartedGateway {
  readonly database: string;
  readonly sources: readonly string[];
  readonly workflows: readonly string[];
  readonly sinks: readonly string[];
  /** Each model of the default profile, with why it is skipped. */
  readonly models: readonly string[];
  readonly url?: string;
  readonly console?: string;
}

/** Collects what was started. */
export async function describeGateway(
  gateway: Gateway,
  {
    loaded,
    database,
    url,
  }: { readonly loaded: LoadedConfig; readonly database: string; readonly url: string | undefined },
): Promise<StartedGateway> {
  const { config } = loaded;
  const health = gateway.health();
  const parts = [config, ...(config.extensions ?? [])];
  return {
    database,
    sources: health.sources.map(({ id }) => id),
    workflows: parts.flatMap(({ workflows = [] }) => workflows.map(({ id }) => id)),
    // Those of workflows with `on` are inside of the gateway.
    sinks: health.sinks.map(({ id }) => id).filter((id) => !id.startsWith("$")),
    models: config.llm === undefined ? modelsOf(gateway) : ["one runtime of your own"],
    ...(url === undefined ? {} : { url, console: `${url}/console` }),
  };
}

function modelsOf(gateway: Gateway): readonly string[] {
  return gateway.llm.explainRoute().candidates.map(({ candidate, state, reason }) => {
    if (state === "skipped") return `${candidate} (skipped: ${reason})`;
    return candidate === "mock" ? "mock (no real model answers)" : candidate;
  });
}

/** The same for a person. */
export function startLines(
  started: StartedGateway,
  {
    output,
    tokenFile,
    token,
  }: { readonly output: Output; readonly tokenFile: string | undefined; readonly token: string | undefined },
): readonly string[] {
  const { paint } = output;
  const list = (ids: readonly string[]): string => (ids.length === 0 ? "none" : ids.join(", "));
  const fields = [
    ["sources", list(started.sources)],
    ["workflows", list(started.workflows)],
    ["sinks", list(started.sinks)],
    ["models", list(started.models)],
    ["http", started.url ?? "off"],
    ...(started.console === undefined ? [] : [["console", withToken(started.console)]]),
    ...(tokenFile === undefined ? [] : [["token", `in ${tokenFile}, until this process ends`]]),
  ];
  return [
    `${paint("good", "The gateway runs")} on ${visible(started.database)} (process ${process.pid}). Ctrl-C stops it.`,
    ...fields.map(([name = "", value = ""]) => `  ${paint("quiet", name.padEnd(9))} ${visible(value)}`),
  ];

  /** On a terminal, a link that signs in. Everywhere else the text may go into a log, where no token belongs. */
  function withToken(url: string): string {
    return output.isTerminal && token !== undefined ? `${url}#token=${token}` : url;
  }
}
