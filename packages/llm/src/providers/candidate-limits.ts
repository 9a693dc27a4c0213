import type { Candidate, ProviderConfig } from "@atlas/routing";

/** The limits that the routing file sets for one candidate, in the terms of the router. */
export function limitsOf(config: ProviderConfig): Omit<Candidate<unknown>, "runtime" | "model"> {
  const { attempt_ms, retries, max_concurrency } = config;
  const { requests_per_minute, tokens_per_minute, usd_per_million_tokens } = config;
  return {
    ...(attempt_ms === undefined ? {} : { attemptMs: attempt_ms }),
    ...(retries === undefined ? {} : { retries }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
    ...(requests_per_minute === undefined ? {} : { requestsPerMinute: requests_per_minute }),
    ...(tokens_per_minute === undefined ? {} : { tokensPerMinute: tokens_per_minute }),
    ...(usd_per_million_tokens === undefined ? {} : { cost: usd_per_million_tokens }),
  };
}
