import {
  type Candidate,
  defaultPolicy,
  type HarnessConfig,
  type HarnessRoutingConfig,
  type Profiles,
  type RoutingPolicy,
} from "@atlas/routing";
import type { HarnessDriver } from "../contract/driver.ts";
import { builtInPrograms } from "../drivers/built-in.ts";
import { createConfigDriver } from "../programs/config-driver.ts";
import { createProgramDriver } from "../programs/program-driver.ts";
import type { Availabilities } from "./availability.ts";
import { createNoopHarness, NOOP } from "./noop.ts";

/** All drivers by name: the built-in ones, those of the routing file, and those of the host, of which the latter win. */
export function driversOf(own: {
  readonly harnesses: Readonly<Record<string, HarnessConfig>>;
  readonly drivers: Readonly<Record<string, HarnessDriver>>;
}): ReadonlyMap<string, HarnessDriver> {
  return new Map<string, HarnessDriver>([
    ...Object.entries(builtInPrograms).map(([id, make]) => [id, createProgramDriver(id, make())] as const),
    [NOOP, createNoopHarness()],
    ...Object.entries(own.harnesses).map(([id, config]) => [id, createConfigDriver(id, config)] as const),
    ...Object.entries(own.drivers),
  ]);
}

/** Drivers as a router knows them. */
export function candidatesOf(
  drivers: ReadonlyMap<string, HarnessDriver>,
  availabilities: Availabilities,
): ReadonlyMap<string, Candidate<HarnessDriver>> {
  return new Map(
    [...drivers].map(([id, runtime]) => [
      id,
      { runtime, isStandIn: id === NOOP, unavailable: () => availabilities.reasonAgainst(id) },
    ]),
  );
}

/**
 * The profiles of a routing file. A profile goes on to the next agent where one refuses a goal, for example as too long, because agents
 * differ in what they can be given; `fail_over_on_rejected: false` switches that off.
 */
export function profilesOf(config: HarnessRoutingConfig | undefined, own: readonly string[]): Profiles {
  const { default_profile, profiles = { default: own.length > 0 ? own : [NOOP] }, fallback } = config ?? {};
  return {
    default_profile,
    fallback,
    profiles: Object.fromEntries(
      Object.entries(profiles).map(([name, profile]) => [
        name,
        { fail_over_on_rejected: true, ...("candidates" in profile ? profile : { candidates: profile }) },
      ]),
    ),
  };
}

const MINUTE_MS = 60_000;

/** What holds for agents unless a routing file or the host says otherwise: a run is long and expensive, so none is repeated. */
const agentPolicy: RoutingPolicy = {
  ...defaultPolicy,
  deadlineMs: 30 * MINUTE_MS,
  // Each driver has its own limit.
  attemptMs: Number.POSITIVE_INFINITY,
  retries: 0,
  maxConcurrency: 2,
  // Its processes are ended, and what it has changed is collected.
  abandonMs: MINUTE_MS,
};

/** The policy of a router over agents. */
export function agentPolicyOf(
  config: HarnessRoutingConfig | undefined,
  given: Partial<RoutingPolicy> | undefined,
): RoutingPolicy {
  const { deadline_ms, attempt_ms, retries, cooldown_ms, patience_ms, max_concurrency } =
    config?.limits ?? {};
  return {
    ...agentPolicy,
    ...(deadline_ms === undefined ? {} : { deadlineMs: deadline_ms }),
    ...(attempt_ms === undefined ? {} : { attemptMs: attempt_ms }),
    ...(retries === undefined ? {} : { retries }),
    ...(cooldown_ms === undefined ? {} : { cooldownMs: cooldown_ms }),
    ...(patience_ms === undefined ? {} : { patienceMs: patience_ms }),
    ...(max_concurrency === undefined ? {} : { maxConcurrency: max_concurrency }),
    ...given,
  };
}
