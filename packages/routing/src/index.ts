export type { CallContext } from "./call-context.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type BuiltInModel, builtInHarnesses, builtInModels } from "./config/built-in-names.ts";
export { type KnownCandidates, parseRoutingConfig } from "./config/config.ts";
export type { OrderedCandidate, Profile, Profiles } from "./config/profile.ts";
export type {
  HarnessConfig,
  HarnessRoutingConfig,
  LLMRoutingConfig,
  OutputParserConfig,
  ProviderConfig,
  RoutingConfig,
} from "./config/schema.ts";
export { isRoutingError, RoutingError, type RoutingErrorCode, type RoutingErrorDetails } from "./errors.ts";
export type { Logger } from "./logger.ts";
export type { AroundAttempt, AttemptInfo } from "./router/around.ts";
export type {
  Attempt,
  AttemptUsage,
  FailureKind,
  RejectionReason,
  Route,
  SkippedCandidate,
} from "./router/attempt.ts";
export type { Candidate } from "./router/candidate.ts";
export type { CandidateFailure } from "./router/failover.ts";
export type { PlannedCandidate, RoutePlan } from "./router/plan.ts";
export { defaultPolicy, type RoutingPolicy } from "./router/policy.ts";
export type { RouteOutcome } from "./router/route-call.ts";
export {
  createRouter,
  type RoutedCall,
  type Router,
  type RouterOptions,
} from "./router/router.ts";
export type { AttemptContext } from "./router/run-attempt.ts";
