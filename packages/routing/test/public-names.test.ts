import { expect, it } from "vitest";
import { publicNames } from "../../../test/support/public-names.ts";

it("exports these names and no others", () => {
  expect(publicNames("packages/routing/src/index.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "AroundAttempt",
        "Attempt",
        "AttemptContext",
        "AttemptInfo",
        "AttemptUsage",
        "BuiltInModel",
        "CallContext",
        "Candidate",
        "CandidateFailure",
        "Clock",
        "FailureKind",
        "HarnessConfig",
        "HarnessRoutingConfig",
        "KnownCandidates",
        "LLMRoutingConfig",
        "Logger",
        "OrderedCandidate",
        "OutputParserConfig",
        "PlannedCandidate",
        "Profile",
        "Profiles",
        "ProviderConfig",
        "RejectionReason",
        "Route",
        "RouteOutcome",
        "RoutePlan",
        "RoutedCall",
        "Router",
        "RouterOptions",
        "RoutingConfig",
        "RoutingErrorCode",
        "RoutingErrorDetails",
        "RoutingPolicy",
        "SkippedCandidate",
      ],
      "values": [
        "RoutingError",
        "builtInHarnesses",
        "builtInModels",
        "createRouter",
        "defaultPolicy",
        "isRoutingError",
        "parseRoutingConfig",
        "systemClock",
      ],
    }
  `);
});

it("exports these names under its subpath http-status", () => {
  expect(publicNames("packages/routing/src/http-status.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "StatusVerdict",
      ],
      "values": [
        "parseRetryAfter",
        "verdictOfStatus",
      ],
    }
  `);
});

it("exports these names under its subpath internal", () => {
  expect(publicNames("packages/routing/src/internal.ts")).toMatchInlineSnapshot(`
    {
      "types": [
        "ModelKind",
        "Placeholder",
        "ServiceSetting",
        "ServiceType",
      ],
      "values": [
        "builtInCandidates",
        "candidatesOf",
        "checkOptions",
        "credentialsIn",
        "didYouMean",
        "guardLogger",
        "isPlaceholder",
        "looksLikeKey",
        "nearestName",
        "profileName",
        "redactSecrets",
        "routingJsonSchema",
        "serviceTypeOf",
        "serviceTypes",
        "services",
        "settingPattern",
        "templateParts",
      ],
    }
  `);
});
