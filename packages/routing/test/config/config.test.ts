import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRoutingConfig, RoutingError } from "../../src/index.ts";
import { routingJsonSchema } from "../../src/internal.ts";

// From the design document, as it stands there.
const seed = {
  llm: {
    default_profile: "balanced",
    profiles: {
      fast: ["ollama", "openai-mini"],
      balanced: ["openai-mini", "anthropic-haiku"],
      quality: ["openai", "anthropic-sonnet"],
    },
    fallback: ["mock"],
  },
  harness: { profiles: { quality: ["my-tool", "codex-cli", "noop"] } },
  harnesses: {
    "my-tool": {
      command: "my-cli-tool",
      args_template: ["--task", "{goal}", "--dir", "{cwd}"],
      output_parsers: { diff: { type: "stdout_all" } },
      timeout_ms: 180_000,
    },
  },
};

const problemsOf = (value: unknown): readonly string[] => {
  try {
    parseRoutingConfig(value);
  } catch (error) {
    if (error instanceof RoutingError && error.code === "ATLAS_ROUTING_CONFIG_INVALID") {
      return (error as RoutingError<"ATLAS_ROUTING_CONFIG_INVALID">).details.problems;
    }
    throw error;
  }
  return [];
};

describe("a routing configuration", () => {
  it("takes the design document's as it stands there, and $schema", () => {
    expect(parseRoutingConfig({ $schema: "./schema.json", ...seed })).toMatchObject(seed);
    expect(parseRoutingConfig({})).toEqual({});
  });

  it("takes providers of one's own", () => {
    const llm = {
      profiles: { fast: ["local", "house"] },
      providers: {
        local: { type: "ollama", model: "qwen3:4b" },
        house: { base_url: "https://models.example/v1", api_key_env: "HOUSE_KEY", model: "house-1" },
      },
    };
    expect(problemsOf({ llm })).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["no object", 5, "expected object, received number."],
    ["a list", [], "expected object, received array."],
    ["a wrong type", { llm: { profiles: 5 } }, "llm.profiles: expected record, received number."],
    ["no profiles", { llm: {} }, "llm.profiles: expected record, received undefined."],
    ["empty profiles", { llm: { profiles: {} } }, "llm.profiles: expected at least one profile."],
    [
      "an empty profile",
      { llm: { profiles: { fast: [] } } },
      "llm.profiles.fast: expected at least one candidate.",
    ],
    [
      "a profile that is no list",
      { llm: { profiles: { fast: "mock" } } },
      "llm.profiles.fast: expected a list of candidates, at least one, or { candidates: […] }.",
    ],
    [
      "an unknown candidate",
      { llm: { profiles: { fast: ["mock", "opnai"] } } },
      'llm.profiles.fast[1]: there is no candidate "opnai". Did you mean "openai"?',
    ],
    [
      "an unknown candidate of an agents' profile",
      { harness: { profiles: { fast: ["codex"] } } },
      'harness.profiles.fast[0]: there is no candidate "codex".',
    ],
    [
      "an unknown default profile",
      { llm: { default_profile: "quick", profiles: { quack: ["mock"] } } },
      'llm.default_profile: there is no profile "quick". Did you mean "quack"?',
    ],
    [
      "a profile in fallback",
      { llm: { profiles: { fast: ["openai"] }, fallback: ["fast"] } },
      'llm.fallback[0]: "fast" is a profile; "fallback" lists candidates.',
    ],
    [
      "an unknown key",
      { llm: { profiles: { fast: ["mock"] }, fallbak: [] } },
      'llm.fallbak: unknown key. Did you mean "fallback"?',
    ],
    [
      "a key in the file",
      { llm: { profiles: { a: ["mock"] }, providers: { openai: { api_key: "sk-canary" } } } },
      "llm.providers.openai.api_key: unknown key. Do not put keys into this file: name an environment variable in api_key_env.",
    ],
    [
      "a key in place of its variable's name",
      { llm: { profiles: { a: ["mock"] }, providers: { openai: { api_key_env: "sk-canary" } } } },
      "llm.providers.openai.api_key_env: expected the name of an environment variable, not a key.",
    ],
    [
      "a profile's unknown option",
      { llm: { profiles: { fast: { candidates: ["mock"], wieghts: {} } } } },
      'llm.profiles.fast.wieghts: unknown key. Did you mean "weights"?',
    ],
    [
      "a weight that is no number",
      { llm: { profiles: { fast: { candidates: ["mock"], weights: { mock: -1 } } } } },
      "llm.profiles.fast.weights.mock: Too small",
    ],
    [
      "a weight of a stranger",
      { llm: { profiles: { fast: { candidates: ["openai"], weights: { opnai: 1 } } } } },
      'llm.profiles.fast.weights.opnai: "opnai" is not among the profile\'s candidates. Did you mean "openai"?',
    ],
    [
      "weights with another order",
      { llm: { profiles: { fast: { candidates: ["mock"], weights: { mock: 1 }, order: "latency" } } } },
      'llm.profiles.fast.weights: cannot be combined with "order": "latency". Remove one of the two.',
    ],
    [
      "an order that does not exist",
      { llm: { profiles: { fast: { candidates: ["mock"], order: "price" } } } },
      'llm.profiles.fast.order: Invalid option: expected one of "listed"|"cost"|"latency".',
    ],
    [
      "an order by costs that nobody has",
      { llm: { profiles: { fast: { candidates: ["openai"], order: "cost" } } } },
      "llm.profiles.fast.order: no candidate of the profile has a cost.",
    ],
    [
      "an unknown candidate of a fallback for long requests",
      { llm: { profiles: { fast: { candidates: ["mock"], context_window_fallback: ["opnai"] } } } },
      'llm.profiles.fast.context_window_fallback[0]: there is no candidate "opnai". Did you mean "openai"?',
    ],
    [
      "an unknown candidate of a fallback for filtered requests",
      { llm: { profiles: { fast: { candidates: ["mock"], content_filter_fallback: ["googel"] } } } },
      'llm.profiles.fast.content_filter_fallback[0]: there is no candidate "googel". Did you mean "google"?',
    ],
    [
      "a fraction of a place",
      { llm: { profiles: { a: ["mock"] }, providers: { openai: { max_concurrency: 0.5 } } } },
      "llm.providers.openai.max_concurrency: ",
    ],
    [
      "no requests a minute",
      { llm: { profiles: { a: ["mock"] }, providers: { openai: { requests_per_minute: 0 } } } },
      "llm.providers.openai.requests_per_minute: ",
    ],
    [
      "a misspelt limit of a candidate",
      { llm: { profiles: { a: ["mock"] }, providers: { openai: { atempt_ms: 5 } } } },
      'llm.providers.openai.atempt_ms: unknown key. Did you mean "attempt_ms"?',
    ],
    [
      "the old name of a limit",
      { llm: { profiles: { a: ["mock"] }, limits: { concurrency: 5 } } },
      'llm.limits.concurrency: unknown key. Did you mean "max_concurrency"?',
    ],
    [
      "credentials in an address",
      {
        llm: {
          profiles: { a: ["mock"] },
          providers: { openai: { base_url: "https://ada:sk-canary@models.example/v1" } },
        },
      },
      "llm.providers.openai.base_url: the address holds credentials.",
    ],
    [
      "a key in an address",
      {
        llm: {
          profiles: { a: ["mock"] },
          providers: { openai: { base_url: "https://models.example/v1?api-key=sk-canary" } },
        },
      },
      "llm.providers.openai.base_url: the address holds credentials.",
    ],
    [
      "a prototype",
      JSON.parse('{"llm":{"profiles":{"__proto__":["mock"]}}}'),
      "llm.profiles.__proto__: this key is not allowed.",
    ],
  ])("refuses %s, and says where", (_, value, problem) => {
    const problems = problemsOf(value);
    expect(problems[0]).toContain(problem);
    expect(problems.join()).not.toContain("sk-canary");
  });

  it.each([
    "sk_live_canary0123456789abcdef",
    "gsk_canary0123456789abcdefghij",
    "AIzaSyCanary0123456789abcdefghijklm",
    "hf_canaryCanaryCanaryCanary",
    "AKIACANARY0123456789",
    "canary0123456789abcdef0123456789",
    "CanaryCanaryCanaryCanary",
    "eyJcanary0123456789",
  ])("refuses the key %s in place of the name of its variable, without repeating it", (api_key_env) => {
    const [problem = ""] = problemsOf({
      llm: { profiles: { a: ["mock"] }, providers: { openai: { api_key_env } } },
    });
    expect(problem).toContain("llm.providers.openai.api_key_env: this looks like a key.");
    expect(problem.toLowerCase()).not.toContain("canary");
  });

  it.each([
    "OPENAI_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "openaiKey",
    "KEY_2",
    "SK_LIVE",
    "AZURE_OPENAI_API_KEY_2026",
  ])("takes the variable %s", (api_key_env) => {
    expect(
      problemsOf({ llm: { profiles: { a: ["mock"] }, providers: { openai: { api_key_env } } } }),
    ).toEqual([]);
  });

  it("takes every option of profiles, candidates and limits", () => {
    const llm = {
      profiles: {
        fast: {
          candidates: ["openai", "google"],
          context_window_fallback: ["google"],
          content_filter_fallback: ["ollama"],
          weights: { openai: 3, google: 0.5 },
        },
        cheap: { candidates: ["openai", "google"], order: "cost" },
      },
      providers: {
        openai: {
          attempt_ms: 5_000,
          idle_ms: 10_000,
          retries: 0,
          max_concurrency: 3,
          requests_per_minute: 500,
          tokens_per_minute: 200_000,
          usd_per_million_tokens: 2.5,
        },
      },
      limits: { patience_ms: 0, cooldown_ms: 0, max_concurrency: 5 },
    };
    expect(problemsOf({ llm })).toEqual([]);
  });

  it("refuses whatever else JSON can say with the same error", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => problemsOf({ llm: value })).not.toThrow();
      }),
    );
  });

  it("ships the JSON Schema that it is checked with", () => {
    const shipped = readFileSync(join(import.meta.dirname, "../../gateway.routing.schema.json"), "utf8");
    expect(JSON.parse(shipped)).toEqual(routingJsonSchema());
  });
});

it("refuses candidates under a name that it does not know", () => {
  expect(() => parseRoutingConfig({}, { model: ["house"] } as object)).toThrow(
    'parseRoutingConfig: "model" is not an option. Did you mean "models"?',
  );
});
