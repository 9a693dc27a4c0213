import type { LLMRoutingConfig, RoutingPolicy } from "@atlas/routing";

/** The limits that a configuration sets. */
export function configuredPolicy(config: LLMRoutingConfig | undefined): Partial<RoutingPolicy> {
  const { deadline_ms, attempt_ms, retries, cooldown_ms, patience_ms, max_concurrency } =
    config?.limits ?? {};
  return {
    ...(deadline_ms === undefined ? {} : { deadlineMs: deadline_ms }),
    ...(attempt_ms === undefined ? {} : { attemptMs: attempt_ms }),
    ...(retries === undefined ? {} : { retries }),
    ...(cooldown_ms === undefined ? {} : { cooldownMs: cooldown_ms }),
    ...(patience_ms === undefined ? {} : { patienceMs: patience_ms }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
  };
}
