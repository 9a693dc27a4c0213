import { describe, expect, it } from "vitest";
import { parseRoutingConfig } from "../../src/index.ts";

const check = (id: string, provider: object) => () =>
  parseRoutingConfig({ llm: { profiles: { all: [id] }, providers: { [id]: provider } } });

describe("a setting of another kind of service", () => {
  it.each([
    [
      "openai",
      { region: "eu-west-1" },
      'llm.providers.openai.region: a service of the type "openai" has no such setting; it belongs to bedrock. Remove it, or set "type".',
    ],
    [
      "house",
      { base_url: "https://house.example/v1", model: "m", project: "p" },
      'llm.providers.house.project: a service of the type "openai-compatible" has no such setting; it belongs to vertex. Remove it, or set "type".',
    ],
    [
      "groq",
      { structured_outputs: true },
      'llm.providers.groq.structured_outputs: a service of the type "groq" has no such setting; it belongs to openrouter, ollama, lmstudio, vllm, openai-compatible. Remove it, or set "type".',
    ],
  ])("%s: is refused, and the error says whose it is", (id, provider, message) => {
    expect(check(id, provider)).toThrow(`The routing configuration is invalid. ${message}`);
  });

  it.each([
    ["azure", { resource_name: "house", api_version: "v1" }],
    ["bedrock", { region: "eu-west-1" }],
    ["mine", { type: "bedrock", region: "eu-west-1" }],
    ["vertex", { project: "house-1", location: "global" }],
    ["vllm", { structured_outputs: false }],
  ])("%s: its own settings are taken", (id, provider) => {
    expect(check(id, provider)).not.toThrow();
  });
});

it.each(["evil.example/", "user@host", "a b", "a#b", "a?b", ""])(
  "takes no %j for a part of an address",
  (text) => {
    expect(check("azure", { resource_name: text })).toThrow(/llm\.providers\.azure\.resource_name/);
  },
);
