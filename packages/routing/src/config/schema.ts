import { z } from "zod";
import { harness } from "./harness-schema.ts";
import { serviceTypes, settingPattern } from "./model-services.ts";
import { credentialsIn, looksLikeKey } from "./secret-in-config.ts";

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
    "Time for one attempt until it begins to answer. While another candidate is ready, it is at most half of the time that is left of the call. Default: 60000 for models; for agents the timeout_ms of each.",
  );
const retries = z
  .int()
  .min(0)
  .max(10)
  .optional()
  .describe(
    "How often an unavailable candidate is retried within a call. Default: 2 for models, 0 for agents.",
  );
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
    .describe(
      "Time for a whole call, shared by all attempts. Default: 120000 for models, 1800000 for agents.",
    ),
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

const modelName = z.string().min(1).max(200).optional();
const setting = z
  .string()
  .max(100)
  .regex(settingPattern, "expected letters, digits, dots, colons, dashes and underscores")
  .optional();

const provider = z.strictObject({
  type: z
    .enum(serviceTypes)
    .optional()
    .describe("Default: the type of the built-in provider of that name, otherwise openai-compatible."),
  base_url: z
    .url({ protocol: /^https?$/ })
    .refine((address) => credentialsIn(address) === undefined, {
      error:
        "the address holds credentials. Remove them, and name an environment variable with the key in api_key_env",
    })
    .optional(),
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable, not a key")
    .refine((variable) => !looksLikeKey(variable), {
      error:
        "this looks like a key. Put it into an environment variable, name that variable here, and replace the key if others could read the file",
    })
    .optional(),
  resource_name: setting.describe("azure: the name of the resource. Default: AZURE_RESOURCE_NAME."),
  api_version: setting.describe("azure: the version of the API. Default: the one of the package."),
  region: setting.describe("bedrock: the region. Default: AWS_REGION."),
  project: setting.describe("vertex: the project. Default: GOOGLE_VERTEX_PROJECT."),
  location: setting.describe("vertex: the location. Default: GOOGLE_VERTEX_LOCATION."),
  structured_outputs: z
    .boolean()
    .optional()
    .describe(
      "Whether a service that speaks the protocol of OpenAI is sent the JSON Schema of an answer. Default: true for openrouter, lmstudio and vllm, otherwise false.",
    ),
  model: modelName.describe("The model for text."),
  embedding_model: modelName.describe("The model for embeddings."),
  embedding_dimensions: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("The length of embeddings that the model is asked for. Default: that of the model."),
  embedding_space: modelName.describe(
    "A name for what the embeddings can be compared with. Calls fail over only between candidates with the same one. Default: the embedding_model.",
  ),
  image_model: modelName.describe("The model for images."),
  speech_model: modelName.describe("The model that reads a text aloud."),
  transcription_model: modelName.describe("The model that writes speech down."),
  reranking_model: modelName.describe("The model that sorts documents by a query."),
  idle_ms: milliseconds
    .optional()
    .describe("The longest pause between two parts of a stream. Default: 30000."),
  ...candidateLimits,
});

/** The content of `gateway.routing.json`. */
export const routingConfigSchema = z.strictObject({
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
export type HarnessRoutingConfig = NonNullable<RoutingConfig["harness"]>;

/** One entry of `harnesses`. */
export type HarnessConfig = z.infer<typeof harness>;

/** One output parser of an entry of `harnesses`. */
export type OutputParserConfig = NonNullable<HarnessConfig["output_parsers"]>[string];

/** A profile with options. */
export type ProfileWithOptions = Exclude<LLMRoutingConfig["profiles"][string], readonly string[]>;

/** One entry of `llm.providers`. */
export type ProviderConfig = z.infer<typeof provider>;

/** The JSON Schema of `gateway.routing.json`, which is published as `@atlas/routing/gateway.routing.schema.json`. */
export function routingJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(routingConfigSchema, { io: "input" }), title: "gateway.routing.json" };
}

/** The names of the options at the top of the file. */
export const topKeys = Object.keys(routingConfigSchema.shape);
/** The names of the options of a section. */
export const sectionKeys = [...Object.keys(section), "providers"];
/** The names of all other options. */
export const innerKeys = [
  ...Object.keys(profileOptions.shape),
  ...Object.keys(limits.shape),
  ...Object.keys(provider.shape),
];
