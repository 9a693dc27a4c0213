import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/gateway/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "AgentsOptions",
        "AnyExtension",
        "BatchInput",
        "BatchOptions",
        "CacheEntry",
        "CacheStore",
        "CoreEvents",
        "CoreModule",
        "CreateOptions",
        "Debounce",
        "DebounceOptions",
        "DebounceRequest",
        "DebouncedJob",
        "DomainEvent",
        "EventOf",
        "Extension",
        "ExtensionParts",
        "ExtensionPhase",
        "ExtensionReport",
        "ExtensionServices",
        "Gateway",
        "GatewayCacheOptions",
        "GatewayCheck",
        "GatewayErrorCode",
        "GatewayErrorDetails",
        "GatewayHarness",
        "GatewayHealth",
        "GatewayLLM",
        "GatewayOptions",
        "GatewayRoute",
        "GatewayStats",
        "HarnessModule",
        "HarnessRunRecord",
        "HarnessTables",
        "HttpModule",
        "HttpTables",
        "InstructionsOptions",
        "JobEvent",
        "JobEventName",
        "JobRequest",
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
        "NewToken",
        "PluginContext",
        "ReadOnlyStore",
        "Route",
        "Schedule",
        "ScheduleRequest",
        "Schedules",
        "SinkContext",
        "SinkPlugin",
        "SinkState",
        "SinkStats",
        "Sinks",
        "SourceContext",
        "SourceDelivery",
        "SourcePlugin",
        "SourceStats",
        "TokenRecord",
        "TokenRequest",
        "Tokens",
        "UniqueJob",
        "VersionChange",
        "WorkflowContext",
        "WorkflowInfo",
        "WorkflowPlugin",
        "WorkflowScheduleState",
        "WorkflowStats",
        "Workflows",
      ],
      "values": [
        "GatewayError",
        "PluginError",
        "createGateway",
        "defineExtension",
        "defineSink",
        "defineSource",
        "defineWorkflow",
        "httpModule",
        "isAttemptOver",
        "isCoreError",
        "isEvent",
        "isGatewayError",
        "isLLMError",
        "isPluginError",
        "isRoutingError",
        "openReadOnly",
        "restore",
        "resultOf",
        "silentLogger",
        "stderrLogger",
        "toJson",
        "toPrometheus",
        "withInstructions",
      ],
    }
  `);
});

it("exports these parts for compositions of one's own", () => {
  expect(publicNames("packages/gateway/src/compose/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "GatewayLLM",
        "Jobs",
      ],
      "values": [
        "createAttemptLLM",
        "createGatewayLLM",
        "createJobs",
        "readRouting",
      ],
    }
  `);
});

it("exports these names for OpenTelemetry", () => {
  expect(publicNames("packages/gateway/src/opentelemetry/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "ObserveGatewayOptions",
        "ObservedGateway",
      ],
      "values": [
        "observeGateway",
      ],
    }
  `);
});

it("exports these names for HTTP", () => {
  expect(publicNames("packages/gateway/src/http/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "GatewayHttp",
        "GatewayServer",
        "HttpOptions",
        "RouteGroup",
        "ServeOptions",
      ],
      "values": [
        "createHttp",
        "serve",
      ],
    }
  `);
});
