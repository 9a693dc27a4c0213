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
      "a prototype",
      JSON.parse('{"llm":{"profiles":{"__proto__":["mock"]}}}'),
      "llm.profiles.__proto__: this key is not allowed.",
    ],
  ])("refuses %s, and says where", (_, value, problem) => {
    const problems = problemsOf(value);
    expect(problems[0]).toContain(problem);
    expect(problems.join()).not.toContain("sk-canary");
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
