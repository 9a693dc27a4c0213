export type { Attempt, FailureKind, Route, SkippedCandidate } from "./attempt.ts";
export {
  type AttemptEnd,
  type Circuit,
  type CircuitState,
  circuitAfter,
  circuitState,
  closedCircuit,
} from "./circuit.ts";
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
} from "./config.ts";
export { RoutingError, type RoutingErrorCode, type RoutingErrorDetails } from "./errors.ts";
export { type Failure, type Move, nextMove, type Situation } from "./failover.ts";
export type { Logger } from "./logger.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export { defaultPolicy, type RoutingPolicy } from "./policy.ts";
export { candidatesOf, type OrderedCandidate, type Profile, type Profiles, profileName } from "./profile.ts";
export {
  type AttemptContext,
  type Candidate,
  createRouter,
  type PlannedCandidate,
  type RoutedCall,
  type RouteOutcome,
  type RoutePlan,
  type Router,
} from "./router.ts";
