export { type Clock, systemClock } from "./clock.ts";
export {
  builtInHarnesses,
  builtInModels,
  type HarnessConfig,
  type HarnessRoutingConfig,
  type KnownCandidates,
  type LLMRoutingConfig,
  type ProviderConfig,
  parseRoutingConfig,
  providerTypes,
  type RoutingConfig,
  routingConfigSchema,
  routingJsonSchema,
} from "./config/config.ts";
export {
  candidatesOf,
  type OrderedCandidate,
  type Profile,
  type Profiles,
  profileName,
} from "./config/profile.ts";
export { RoutingError, type RoutingErrorCode, type RoutingErrorDetails } from "./errors.ts";
export type { Logger } from "./logger.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export type { Attempt, FailureKind, Route, SkippedCandidate } from "./router/attempt.ts";
export {
  type AttemptEnd,
  type Circuit,
  type CircuitState,
  circuitAfter,
  circuitState,
  closedCircuit,
} from "./router/circuit.ts";
export { type Failure, type Move, nextMove, type Situation } from "./router/failover.ts";
export { defaultPolicy, type RoutingPolicy } from "./router/policy.ts";
export {
  type AttemptContext,
  type Candidate,
  createRouter,
  type PlannedCandidate,
  type RoutedCall,
  type RouteOutcome,
  type RoutePlan,
  type Router,
} from "./router/router.ts";
