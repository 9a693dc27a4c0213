import { saysStandIn } from "@atlas/llm/module";
import type { Route } from "@atlas/routing";
import type { GenerateResult, Warning } from "./sdk-types.ts";

/** Who has answered a call, as far as it is known. */
export interface Evidence {
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** The mock answered in place of a model. */
  readonly degraded: boolean;
  /** How many candidates were asked, counting each time. */
  readonly attempts?: number | undefined;
}

/** Reads the evidence of an answer. `model` is the one that the stream named on its way. */
export function evidenceOf(
  metadata: GenerateResult["providerMetadata"],
  known: { readonly model?: string | undefined; readonly degraded?: boolean } = {},
): Evidence {
  // What a router of Atlas says there; everything in it is optional.
  const said = (metadata?.["atlas"] ?? {}) as {
    readonly provider?: string;
    readonly model?: string;
    readonly degraded?: boolean;
    readonly route?: Route;
  };
  return {
    provider: said.provider,
    model: said.model ?? known.model,
    degraded: said.degraded === true || known.degraded === true,
    attempts: said.route?.attempts.length,
  };
}

/** Tells whether the warnings of an answer say that the mock stands in. */
export function isDegraded(warnings: readonly Warning[]): boolean {
  return saysStandIn(warnings);
}

/** The headers that say who answered. What is not known is left out. */
export function evidenceHeaders(
  { provider, model, degraded, attempts }: Evidence,
  { warnings, omitted = [] }: { readonly warnings: readonly Warning[]; readonly omitted?: readonly string[] },
): Record<string, string> {
  const ignored = warnings.flatMap((one) => (one.type === "unsupported" ? one.feature : []));
  const headers = {
    "x-atlas-provider": provider,
    "x-atlas-model": model,
    "x-atlas-degraded": String(degraded),
    "x-atlas-attempts": attempts === undefined ? undefined : String(attempts),
    "x-atlas-ignored": ignored.length === 0 ? undefined : ignored.join(", "),
    "x-atlas-omitted": omitted.length === 0 ? undefined : omitted.join(", "),
  };
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, headerText(value)]],
    ),
  );
}

const LONGEST_VALUE = 300;

/** Services name their models as they like; a header takes visible ASCII. */
function headerText(value: string): string {
  return value
    .replaceAll(/[^\x20-\x7e]/g, "?")
    .slice(0, LONGEST_VALUE)
    .trim();
}
