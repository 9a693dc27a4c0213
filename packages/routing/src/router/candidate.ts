import { type Circuit, closedCircuit } from "./circuit.ts";
import type { Latency } from "./latency.ts";
import { createPlaces, type Places } from "./places.ts";
import { checkNumber, type RoutingPolicy } from "./policy.ts";
import { createRateWindow, type RateWindow } from "./rate-window.ts";

/** A model or an agent that a router can ask. */
export interface Candidate<Runtime> {
  readonly runtime: Runtime;
  /** The model that the candidate asks unless a call names another; absent if it is unknown. */
  readonly model?: string;
  /**
   * Says why the candidate cannot be asked at all, such as a missing key or program; returns `undefined` when it can. The
   * router calls it before every attempt, so it must be cheap.
   */
  unavailable?(): string | undefined;
  /** The most calls that the candidate answers at the same time. Default: the policy's `maxConcurrency`. */
  readonly maxConcurrency?: number;
  /** Time for one attempt until it begins to answer, in milliseconds. Default: the policy's `attemptMs`. */
  readonly attemptMs?: number;
  /** Retries within one call. Default: the policy's `retries`. */
  readonly retries?: number;
  /**
   * The most attempts that begin within any 60 s. Set it to the limit of the service, and calls wait or go to the next candidate
   * before the service refuses them. Each process counts for itself. Default: no limit.
   */
  readonly requestsPerMinute?: number;
  /** The most tokens, of questions and answers together, within any 60 s. Default: no limit. */
  readonly tokensPerMinute?: number;
  /** What the candidate costs, in any unit that all candidates share. Profiles with the order `cost` sort by it. */
  readonly cost?: number;
  /**
   * Marks a placeholder such as a mock. The router never shortens a wait for a real candidate in order to reach it. Default:
   * false.
   */
  readonly isStandIn?: boolean;
}

/** A candidate with what a router remembers about it from call to call. */
export interface Member<Runtime> {
  readonly candidate: Candidate<Runtime>;
  readonly places: Places;
  /** Called when the circuit changes, because calls may wait for the end of a probe. */
  readonly watchers: Set<() => void>;
  circuit: Circuit;
  requests: RateWindow | undefined;
  tokens: RateWindow | undefined;
  latency: Latency | undefined;
}

/** The members of a router by name, all of them free and with a closed circuit. */
export function createMembers<Runtime>(
  candidates: ReadonlyMap<string, Candidate<Runtime>>,
  policy: RoutingPolicy,
): ReadonlyMap<string, Member<Runtime>> {
  return new Map(
    [...candidates].map(([id, candidate]) => {
      for (const limit of ["maxConcurrency", "requestsPerMinute", "tokensPerMinute", "attemptMs"] as const) {
        checkNumber(`The candidate "${id}": "${limit}"`, candidate[limit], 1);
      }
      return [id, createMember(candidate, policy)];
    }),
  );
}

function createMember<Runtime>(candidate: Candidate<Runtime>, policy: RoutingPolicy): Member<Runtime> {
  const { maxConcurrency = policy.maxConcurrency, requestsPerMinute, tokensPerMinute } = candidate;
  return {
    candidate,
    places: createPlaces(maxConcurrency),
    watchers: new Set(),
    circuit: closedCircuit,
    requests: requestsPerMinute === undefined ? undefined : createRateWindow(requestsPerMinute),
    tokens: tokensPerMinute === undefined ? undefined : createRateWindow(tokensPerMinute),
    latency: undefined,
  };
}

/** Changes a member's circuit, and wakes the calls that wait for it to open, to close, or to end a probe. */
export function setCircuit(member: Member<unknown>, circuit: Circuit): void {
  const isNews = circuit.open !== member.circuit.open;
  member.circuit = circuit;
  if (!isNews) return;
  for (const wake of [...member.watchers]) wake();
}
