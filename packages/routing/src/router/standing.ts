import type { Standing } from "./admission.ts";
import type { Member } from "./candidate.ts";
import { circuitState } from "./circuit.ts";
import { waitUntilFits } from "./rate-window.ts";

/** What a call brings along, besides what the router remembers about the candidate. */
export interface StandingOf {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** The earliest time of the call's next attempt at this candidate. */
  readonly notBefore: number;
  /** The tokens that the call will probably use. */
  readonly tokens: number;
  /** The call holds a place already. */
  readonly hasPlace: boolean;
  readonly candidate: string;
  /** Says why a candidate cannot answer this call. */
  readonly unfit: ((candidate: string) => string | undefined) | undefined;
}

const ready: Standing = { state: "ready" };

/** Tells whether a candidate can be asked now. */
export function standingOf<Runtime>(
  member: Member<Runtime> | undefined,
  { now, notBefore, tokens, hasPlace, candidate, unfit }: StandingOf,
): Standing {
  const reason = reasonMissing(member) ?? reasonUnfit(candidate, unfit);
  if (member === undefined || reason !== undefined) return { state: "missing", reason: reason ?? "" };
  const circuit = circuitState(member.circuit, now);
  if (circuit.state === "open") {
    const { why, reason: said, waitMs } = circuit;
    const untilMs = waitMs === undefined ? {} : { waitMs: Math.max(waitMs, notBefore - now) };
    return { state: "waiting", why, reason: said, ...untilMs };
  }
  if (notBefore > now) {
    return { state: "waiting", why: "backoff", reason: "it is asked again later", waitMs: notBefore - now };
  }
  const quota = quotaStanding(member, tokens, now);
  if (quota !== undefined) return quota;
  if (member.places.isFull && !hasPlace) {
    return { state: "waiting", why: "full", reason: "all its places are taken" };
  }
  return ready;
}

/** Why a candidate cannot be asked, whatever its history is. A check of the host that throws must not end the call. */
function reasonMissing<Runtime>(member: Member<Runtime> | undefined): string | undefined {
  if (member === undefined) return "there is no such candidate";
  try {
    return member.candidate.unavailable?.();
  } catch {
    return "its `unavailable` threw an error";
  }
}

function reasonUnfit(candidate: string, unfit: StandingOf["unfit"]): string | undefined {
  try {
    return unfit?.(candidate);
  } catch {
    return "the call's `unfit` threw an error";
  }
}

function quotaStanding<Runtime>(
  { requests, tokens: used }: Member<Runtime>,
  tokens: number,
  now: number,
): Standing | undefined {
  const requestMs = requests === undefined ? 0 : waitUntilFits(requests, 1, now);
  const tokenMs = used === undefined ? 0 : waitUntilFits(used, Math.max(1, tokens), now);
  const waitMs = Math.max(requestMs, tokenMs);
  if (waitMs === 0) return undefined;
  const limit = requestMs >= tokenMs ? `${requests?.limit} requests` : `${used?.limit} tokens`;
  const reason = `its limit of ${limit} per minute is reached for another ${Math.ceil(waitMs / 1_000)} s`;
  return { state: "waiting", why: "quota", reason, waitMs };
}
