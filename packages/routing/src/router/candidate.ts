import { type Circuit, closedCircuit } from "./circuit.ts";
import { createPlaces, type Places } from "./places.ts";
import type { RoutingPolicy } from "./policy.ts";

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
  /** The most calls that the candidate answers at the same time. Default: the policy's `concurrency`. */
  readonly concurrency?: number;
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
  circuit: Circuit;
}

/** The members of a router by name, all of them free and with a closed circuit. */
export function createMembers<Runtime>(
  candidates: ReadonlyMap<string, Candidate<Runtime>>,
  policy: RoutingPolicy,
): ReadonlyMap<string, Member<Runtime>> {
  return new Map(
    [...candidates].map(([id, candidate]) => {
      const places = createPlaces(candidate.concurrency ?? policy.concurrency);
      return [id, { candidate, places, circuit: closedCircuit }];
    }),
  );
}
