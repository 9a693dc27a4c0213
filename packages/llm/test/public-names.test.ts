import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names", () => {
  expect(publicNames("packages/llm/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "CacheEntry",
        "CacheOptions",
        "CacheStore",
        "CandidateModels",
        "InjectedInstruction",
        "InjectedSource",
        "InstructionsOptions",
        "JsonRequest",
        "LLM",
        "LLMErrorCode",
        "LLMErrorDetails",
        "LLMMessage",
        "LLMMiddleware",
        "LLMOptions",
        "LLMResult",
        "LLMRouter",
        "LLMRouterOptions",
        "LLMRuntime",
        "LLMStream",
        "LLMUsage",
        "LanguageModelV4",
        "MemoryCache",
        "MemoryCacheOptions",
        "ModelOptions",
        "ObjectOptions",
        "ProviderDetails",
        "RecorderMode",
        "RecorderOptions",
        "RoutedModels",
        "SkillReason",
      ],
      "values": [
        "LLMError",
        "applyMiddleware",
        "createLLM",
        "createLLMRouter",
        "createMemoryCache",
        "createStream",
        "isLLMError",
        "joinAround",
        "streamOf",
        "withCache",
        "withInstructions",
        "withRecorder",
      ],
    }
  `);
});

it("exports the mock, the adapters, the module, the redactor and the tracing under their own subpaths", () => {
  const subpaths = {
    mock: "mock/index.ts",
    "ai-sdk": "ai-sdk/index.ts",
    module: "module/index.ts",
    redact: "redact.ts",
    tracing: "tracing/index.ts",
  };
  const names = Object.entries(subpaths).map(([name, file]) => [
    name,
    publicNames(`packages/llm/src/${file}`),
  ]);
  expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
    {
      "ai-sdk": {
        "types": [
          "FromModelOptions",
          "LanguageModel",
        ],
        "values": [
          "fromModel",
          "toModel",
        ],
      },
      "mock": {
        "types": [
          "MockLLM",
          "MockStep",
        ],
        "values": [
          "createMockLLM",
        ],
      },
      "module": {
        "types": [
          "LLMCall",
          "LLMCommand",
          "LLMModule",
          "LLMTables",
        ],
        "values": [
          "answerOf",
          "isWrongCall",
          "llmModule",
          "relayed",
          "saysStandIn",
        ],
      },
      "redact": {
        "types": [],
        "values": [
          "redactSecrets",
        ],
      },
      "tracing": {
        "types": [
          "TracingOptions",
        ],
        "values": [
          "withTracing",
        ],
      },
    }
  `);
});
