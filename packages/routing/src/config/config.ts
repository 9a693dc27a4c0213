import { RoutingError } from "../errors.ts";
import { checkOptions } from "../known-options.ts";
import { builtInHarnesses, builtInModels } from "./built-in-names.ts";
import { nameProblems } from "./name-problems.ts";
import { forbiddenKeys, type Problem, problemsOf } from "./problem.ts";
import { providerProblems } from "./provider-problems.ts";
import { type RoutingConfig, routingConfigSchema } from "./schema.ts";

/** The names of candidates that the host brings, besides the built-in ones and those of the file. */
export interface KnownCandidates {
  readonly models?: readonly string[];
  readonly harnesses?: readonly string[];
}

/**
 * Checks a routing configuration and returns it. Throws `ATLAS_ROUTING_CONFIG_INVALID`, which names every problem with its
 * JSON path and suggests the nearest known name. Messages quote names, never other values, so a secret in the wrong place
 * does not reach a log.
 *
 * @example
 * ```ts
 * const config = parseRoutingConfig({ llm: { profiles: { fast: ["ollama"] }, fallback: ["mock"] } });
 * assert.deepEqual(config.llm?.profiles["fast"], ["ollama"]);
 * assert.throws(() => parseRoutingConfig({ llm: { profiles: { fast: ["olama"] } } }), /Did you mean "ollama"/);
 * ```
 */
export function parseRoutingConfig(value: unknown, known: KnownCandidates = {}): RoutingConfig {
  checkOptions("parseRoutingConfig", known, ["models", "harnesses"]);
  const forbidden = [...forbiddenKeys(value, [])];
  if (forbidden.length > 0) throw invalid(forbidden);
  const parsed = routingConfigSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(problemsOf));
  const { llm, harness, harnesses } = parsed.data;
  const models = [...builtInModels, ...Object.keys(llm?.providers ?? {}), ...(known.models ?? [])];
  const agents = [...builtInHarnesses, ...Object.keys(harnesses ?? {}), ...(known.harnesses ?? [])];
  const problems = [
    ...nameProblems(["llm"], llm, models),
    ...providerProblems(llm?.providers ?? {}),
    ...nameProblems(["harness"], harness, agents),
  ];
  if (problems.length > 0) throw invalid(problems);
  return parsed.data;
}

function invalid(problems: readonly Problem[]): RoutingError<"ATLAS_ROUTING_CONFIG_INVALID"> {
  const lines = problems.map(({ path, text }) => (path.length === 0 ? text : `${pathText(path)}: ${text}`));
  return new RoutingError(
    "ATLAS_ROUTING_CONFIG_INVALID",
    { path: pathText(problems[0]?.path ?? []), problems: lines },
    `The routing configuration is invalid. ${lines.join(" ")}`,
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(String(key))) return `${text}[${JSON.stringify(String(key))}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}
