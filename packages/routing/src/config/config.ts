import { z } from "zod";
import { RoutingError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";

/** The names that `llm` profiles can always use, whether or not their package and key are there. */
export const builtInModels = [
  "openai",
  "openai-mini",
  "anthropic-sonnet",
  "anthropic-haiku",
  "google",
  "ollama",
  "mock",
] as const;

/** One of {@link builtInModels}. */
export type BuiltInModel = (typeof builtInModels)[number];

/** The names that `harness` profiles can always use, whether or not their program is there. */
export const builtInHarnesses = [
  "codex-cli",
  "claude-code",
  "gemini-cli",
  "opencode",
  "copilot-cli",
  "noop",
] as const;

const providerTypes = ["openai", "anthropic", "google", "ollama", "openai-compatible"] as const;

const name = z.string().min(1).max(100);
const milliseconds = z.int().min(1).max(3_600_000);
const candidates = z.array(name).min(1, "expected at least one candidate").max(50);

const profile = z.union([
  candidates.describe("Candidates, the preferred one first."),
  z
    .strictObject({
      candidates,
      fail_over_on_rejected: z
        .boolean()
        .optional()
        .describe("Whether to ask the next candidate when one rejects the request itself. Default: false."),
    })
    .describe("Candidates with options."),
]);

const limits = z.strictObject({
  deadline_ms: milliseconds
    .optional()
    .describe("Time for a whole call, shared by all attempts. Default: 120000."),
  attempt_ms: milliseconds
    .optional()
    .describe("Time for one attempt until it begins to answer. Default: 60000."),
  retries: z
    .int()
    .min(0)
    .max(10)
    .optional()
    .describe("How often an unavailable candidate is retried within a call. Default: 2."),
  cooldown_ms: milliseconds
    .optional()
    .describe("How long calls skip a candidate after five failures in a row. Default: 30000."),
  concurrency: z
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe("Calls that one candidate answers at the same time. Default: 10 for models, 2 for agents."),
});

const section = {
  default_profile: name
    .optional()
    .describe(
      "The profile of calls that name none. Its candidates also follow those of any other profile. Default: the first one.",
    ),
  profiles: z
    .record(name, profile)
    .refine((profiles) => Object.keys(profiles).length > 0, "expected at least one profile")
    .meta({ minProperties: 1 }),
  fallback: z.array(name).max(50).optional().describe("Candidates that are asked after all others."),
  limits: limits.optional(),
};

const provider = z.strictObject({
  type: z
    .enum(providerTypes)
    .optional()
    .describe("Default: the type of the built-in provider of that name, otherwise openai-compatible."),
  base_url: z.url({ protocol: /^https?$/ }).optional(),
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable, not a key")
    .optional(),
  model: z.string().min(1).max(200).optional(),
  concurrency: z.int().min(1).max(1_000).optional(),
});

const outputParser = z.looseObject({
  type: z.enum(["stdout_all", "stdout_section", "json_field", "file_glob", "exit_code"]),
});

const harness = z.strictObject({
  command: z.string().min(1),
  args_template: z.array(z.string()).optional(),
  output_parsers: z.record(name, outputParser).optional(),
  timeout_ms: milliseconds.optional(),
});

/** The content of `gateway.routing.json`. */
const routingConfigSchema = z.strictObject({
  $schema: z.string().optional(),
  llm: z
    .strictObject({ ...section, providers: z.record(name, provider).optional() })
    .optional()
    .describe("Which language models answer."),
  harness: z.strictObject(section).optional().describe("Which coding agents work on tasks."),
  harnesses: z.record(name, harness).optional().describe("Your own coding agents."),
});

/** A routing configuration. */
export type RoutingConfig = z.infer<typeof routingConfigSchema>;

/** The `llm` part of a routing configuration. */
export type LLMRoutingConfig = NonNullable<RoutingConfig["llm"]>;

/** The `harness` part of a routing configuration. */
type HarnessRoutingConfig = NonNullable<RoutingConfig["harness"]>;

/** One entry of `llm.providers`. */
export type ProviderConfig = z.infer<typeof provider>;

/** The names of candidates that the host brings, besides the built-in ones and those of the file. */
export interface KnownCandidates {
  readonly models?: readonly string[];
  readonly harnesses?: readonly string[];
}

/** The JSON Schema of `gateway.routing.json`, which is published as `@atlas/routing/gateway.routing.schema.json`. */
export function routingJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(routingConfigSchema, { io: "input" }), title: "gateway.routing.json" };
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
  const forbidden = [...forbiddenKeys(value, [])];
  if (forbidden.length > 0) throw invalid(forbidden);
  const parsed = routingConfigSchema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(problemsOf));
  const { llm, harness, harnesses } = parsed.data;
  const models = [...builtInModels, ...Object.keys(llm?.providers ?? {}), ...(known.models ?? [])];
  const agents = [...builtInHarnesses, ...Object.keys(harnesses ?? {}), ...(known.harnesses ?? [])];
  const problems = [...nameProblems(["llm"], llm, models), ...nameProblems(["harness"], harness, agents)];
  if (problems.length > 0) throw invalid(problems);
  return parsed.data;
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** Profiles and candidates that do not exist. */
function* nameProblems(
  path: readonly PropertyKey[],
  section: LLMRoutingConfig | HarnessRoutingConfig | undefined,
  known: readonly string[],
): Iterable<Problem> {
  if (section === undefined) return;
  const { default_profile, profiles, fallback = [] } = section;
  const names = Object.keys(profiles);
  if (default_profile !== undefined && !names.includes(default_profile)) {
    yield {
      path: [...path, "default_profile"],
      text: `there is no profile "${default_profile}".${didYouMean(default_profile, names)}`,
    };
  }
  for (const [name, profile] of Object.entries(profiles)) {
    const at = [...path, "profiles", name, ...(Array.isArray(profile) ? [] : ["candidates"])];
    yield* unknownCandidates(at, Array.isArray(profile) ? profile : profile.candidates, known);
  }
  yield* unknownCandidates([...path, "fallback"], fallback, known, names);
}

function* unknownCandidates(
  path: readonly PropertyKey[],
  candidates: readonly string[],
  known: readonly string[],
  profiles: readonly string[] = [],
): Iterable<Problem> {
  for (const [index, candidate] of candidates.entries()) {
    if (known.includes(candidate)) continue;
    const text = profiles.includes(candidate)
      ? `"${candidate}" is a profile; "fallback" lists candidates.`
      : `there is no candidate "${candidate}".${didYouMean(candidate, known)}`;
    yield { path: [...path, index], text };
  }
}

/** Keys with a special meaning in JavaScript. */
function* forbiddenKeys(value: unknown, path: readonly PropertyKey[]): Iterable<Problem> {
  if (typeof value !== "object" || value === null || path.length > 20) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__" || key === "constructor" || key === "prototype") {
      yield { path: [...path, key], text: "this key is not allowed." };
    } else {
      yield* forbiddenKeys(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

const topKeys = Object.keys(routingConfigSchema.shape);
const sectionKeys = [...Object.keys(section), "providers"];
const innerKeys = [
  ...Object.keys(limits.shape),
  ...Object.keys(provider.shape),
  ...Object.keys(harness.shape),
];

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = path.length === 0 ? topKeys : path.length === 1 ? sectionKeys : innerKeys;
    return issue.keys.map((key) => ({ path: [...path, key], text: `unknown key.${hintFor(key, known)}` }));
  }
  if (issue.code === "invalid_union") {
    return [{ path, text: "expected a list of candidates, at least one, or { candidates: […] }." }];
  }
  return [{ path, text: `${issue.message.replace(/^Invalid input: /, "")}.` }];
}

function hintFor(key: string, known: readonly string[]): string {
  if (!/^api_?key$/i.test(key)) return didYouMean(key, known);
  return " Do not put keys into this file: name an environment variable in api_key_env.";
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
