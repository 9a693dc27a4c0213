import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/gateway/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "AgentsOptions",
        "AnyExtension",
        "BackupRecord",
        "Backups",
        "BackupsHealth",
        "BackupsOptions",
        "BackupsStats",
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
        "GatewayWork",
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
        "ObserveGatewayWork",
        "PluginContext",
        "ReadOnlyStore",
        "RequestWork",
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
        "StopOnSignalsOptions",
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
        "backup",
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
        "stopOnSignals",
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
        "GatewayTracingOptions",
        "ObserveGatewayOptions",
        "ObservedGateway",
      ],
      "values": [
        "observeGateway",
        "traceContext",
        "tracing",
      ],
    }
  `);
});

it("exports the modules of every gateway under a subpath of its own", () => {
  expect(publicNames("packages/gateway/src/gateway-modules.ts")).toEqual({
    types: [],
    values: ["gatewayModules"],
  });
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
