import { z } from "zod";
import { RoutingError } from "../errors.ts";
import { checkOptions } from "../known-options.ts";
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

const profileOptions = z.strictObject({
  candidates,
  fail_over_on_rejected: z
    .boolean()
    .optional()
    .describe("Whether to ask the next candidate when one rejects the request itself. Default: false."),
  context_window_fallback: z
    .array(name)
    .min(1, "expected at least one candidate")
    .max(50)
    .optional()
    .describe("Candidates that are asked when one rejects the request as too long for its model."),
  content_filter_fallback: z
    .array(name)
    .min(1, "expected at least one candidate")
    .max(50)
    .optional()
    .describe("Candidates that are asked when a content filter stopped the request or the answer."),
  order: z
    .enum(["listed", "cost", "latency"])
    .optional()
    .describe(
      "Which candidate of the profile is asked first: the one listed first, the cheapest, or the one that lately began to answer soonest. Default: listed.",
    ),
  weights: z
    .record(name, z.number().min(0).max(1_000_000))
    .optional()
    .describe(
      "Draws the order of the profile's candidates for each call, in proportion to these weights. A candidate without a weight has 1; one with 0 comes last.",
    ),
});

const profile = z.union([
  candidates.describe("Candidates, the preferred one first."),
  profileOptions.describe("Candidates with options."),
]);
const attemptMs = milliseconds
  .optional()
  .describe(
    "Time for one attempt until it begins to answer. While another candidate is ready, it is at most half of the time that is left of the call. Default: 60000.",
  );
const retries = z
  .int()
  .min(0)
  .max(10)
  .optional()
  .describe("How often an unavailable candidate is retried within a call. Default: 2.");
const maxConcurrency = z
  .int()
  .min(1)
  .max(1_000)
  .optional()
  .describe(
    "Calls that one candidate answers at the same time. Further calls go to the next ready candidate, or wait. Default: 10 for models, 2 for agents.",
  );

const limits = z.strictObject({
  deadline_ms: milliseconds
    .optional()
    .describe("Time for a whole call, shared by all attempts. Default: 120000."),
  attempt_ms: attemptMs,
  retries,
  patience_ms: z
    .int()
    .min(0)
    .max(3_600_000)
    .optional()
    .describe(
      "How long a call waits, in all, for candidates that are rate limited while a later one is ready. Default: 5000.",
    ),
  cooldown_ms: z
    .int()
    .min(0)
    .max(3_600_000)
    .optional()
    .describe(
      "How long calls skip a candidate after five failures in a row, or when most of its recent attempts failed. Doubles on repetition, up to 300000. 0 switches it off. Default: 30000.",
    ),
  max_concurrency: maxConcurrency,
});

/** What holds for one candidate, in place of the section's limits. */
const candidateLimits = {
  attempt_ms: attemptMs,
  retries,
  max_concurrency: maxConcurrency,
  requests_per_minute: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      "Attempts that begin within any 60 s. Set it to the limit of the service. Each process counts for itself. Default: no limit.",
    ),
  tokens_per_minute: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe("Tokens of questions and answers within any 60 s. Default: no limit."),
  usd_per_million_tokens: z
    .number()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe("What the candidate costs, for profiles with the order cost."),
};

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
  idle_ms: milliseconds
    .optional()
    .describe("The longest pause between two parts of a stream. Default: 30000."),
  ...candidateLimits,
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

type ProfileWithOptions = Exclude<LLMRoutingConfig["profiles"][string], readonly string[]>;

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
  checkOptions("parseRoutingConfig", known, ["models", "harnesses"]);
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
  const providers = "providers" in section ? Object.entries(section.providers ?? {}) : [];
  const costs = new Set(
    providers.filter(([, { usd_per_million_tokens: cost }]) => cost !== undefined).map(([id]) => id),
  );
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
    if (!Array.isArray(profile)) yield* profileProblems([...path, "profiles", name], profile, known, costs);
  }
  yield* unknownCandidates([...path, "fallback"], fallback, known, names);
}

/** Options of a profile that would have no effect, or whose candidates do not exist. */
function* profileProblems(
  path: readonly PropertyKey[],
  profile: ProfileWithOptions,
  known: readonly string[],
  costs: ReadonlySet<string>,
): Iterable<Problem> {
  const { candidates, order, weights } = profile;
  for (const key of ["context_window_fallback", "content_filter_fallback"] as const) {
    yield* unknownCandidates([...path, key], profile[key] ?? [], known);
  }
  for (const id of Object.keys(weights ?? {})) {
    if (candidates.includes(id)) continue;
    const text = `"${id}" is not among the profile's candidates.${didYouMean(id, candidates)}`;
    yield { path: [...path, "weights", id], text };
  }
  if (weights !== undefined && order !== undefined && order !== "listed") {
    yield {
      path: [...path, "weights"],
      text: `cannot be combined with "order": "${order}". Remove one of the two.`,
    };
  }
  if (order === "cost" && !candidates.some((id) => costs.has(id))) {
    const text =
      'no candidate of the profile has a cost. Set "usd_per_million_tokens" under llm.providers for at least one of them.';
    yield { path: [...path, "order"], text };
  }
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
  ...Object.keys(profileOptions.shape),
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
    const inner = insideOptions(issue);
    if (inner.length > 0) return inner.flatMap((one) => problemsOf({ ...one, path: [...path, ...one.path] }));
    return [{ path, text: "expected a list of candidates, at least one, or { candidates: […] }." }];
  }
  return [{ path, text: `${issue.message.replace(/^Invalid input: /, "")}.` }];
}

/** The problems of a profile that was meant to be an object with candidates, because no list has such a problem. */
function insideOptions({ errors }: Extract<z.core.$ZodIssue, { code: "invalid_union" }>) {
  const options = errors.find((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
  return options ?? [];
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
