import type { Output } from "../output/output.ts";

/** The parts of a model call that are shown, whether it comes from the file or from a gateway. */
export interface ModelCall {
  readonly job_id: string;
  readonly at: string;
  readonly method?: string;
  readonly mode?: string;
  readonly status: string;
  readonly profile?: string;
  readonly candidate?: string;
  readonly harness?: string;
  readonly provider?: string;
  readonly model?: string;
  readonly degraded: boolean;
  readonly cached?: true;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly duration_ms: number;
  readonly error_code?: string;
  readonly tries: readonly { readonly candidate: string; readonly outcome: string }[];
  readonly skipped: readonly { readonly candidate: string; readonly reason: string }[];
}

/** A table of model calls, or of what agents were given: who answered, what was tried, how long it took. */
export function callLines(
  calls: readonly ModelCall[],
  output: Output,
  { withJob }: { readonly withJob: boolean },
): readonly string[] {
  const { paint } = output;
  return output.table<ModelCall>(
    [
      { title: "AT", value: ({ at }) => at },
      ...(withJob ? [{ title: "JOB", value: ({ job_id }: ModelCall) => job_id }] : []),
      { title: "KIND", value: ({ method, mode }) => method ?? mode },
      { title: "PROFILE", value: ({ profile }) => profile },
      {
        title: "ANSWERED BY",
        value: answeredBy,
        paint: (cell, { degraded }) => (degraded ? paint("bad", cell) : cell),
      },
      {
        title: "TRIED",
        value: ({ tries }) => tries.map(({ candidate, outcome }) => `${candidate}: ${outcome}`).join(", "),
      },
      { title: "TOKENS", value: tokens, align: "right" },
      { title: "MS", value: ({ duration_ms }) => duration_ms, align: "right" },
    ],
    calls,
  );
}

function answeredBy({
  status,
  candidate,
  harness,
  provider,
  model,
  degraded,
  cached,
  error_code,
}: ModelCall): string {
  if (status === "failed") return `failed${error_code === undefined ? "" : ` (${error_code})`}`;
  const name = [...new Set([candidate ?? harness, model])].filter((part) => part !== undefined).join(" ");
  const isStandIn = degraded || provider === "mock";
  const marks = [isStandIn ? "stand-in" : "", cached === true ? "cached" : ""].filter((mark) => mark !== "");
  return marks.length === 0 ? name : `${name} (${marks.join(", ")})`;
}

function tokens({ input_tokens, output_tokens }: ModelCall): string | undefined {
  if (input_tokens === undefined && output_tokens === undefined) return undefined;
  return `${input_tokens ?? 0}+${output_tokens ?? 0}`;
}
