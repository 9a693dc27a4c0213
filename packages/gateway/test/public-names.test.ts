import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/gateway/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "DomainEvent",
        "Gateway",
        "GatewayCheck",
        "GatewayHealth",
        "GatewayLLM",
        "GatewayOptions",
        "InstructionsOptions",
        "Jobs",
        "LLMCall",
        "LLMCommand",
        "LLMMiddleware",
        "LLMModule",
        "LLMOptions",
        "LLMResult",
        "LLMRuntime",
        "LLMTables",
        "Logger",
        "PluginContext",
        "ReadOnlyStore",
        "Schedule",
        "SinkContext",
        "SinkPlugin",
        "Sinks",
        "SourceContext",
        "SourcePlugin",
        "WorkflowContext",
        "WorkflowPlugin",
      ],
      "values": [
        "createGateway",
        "defineSink",
        "defineSource",
        "defineWorkflow",
        "isCoreError",
        "isLLMError",
        "isPluginError",
        "isRoutingError",
        "openReadOnly",
        "restore",
        "silentLogger",
        "stderrLogger",
        "withInstructions",
      ],
    }
  `);
});
