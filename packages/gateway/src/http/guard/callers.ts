import { timingSafeEqual } from "node:crypto";
import { allows, type NeededScope } from "../../tokens/scopes.ts";
import { hashOf } from "../../tokens/token-text.ts";
import type { TokenIndex } from "../../tokens/tokens.ts";
import type { Caller } from "../app/handler.ts";
import { ProblemError } from "../problem/problem-error.ts";
import type { RateLimit } from "./rate-limit.ts";

/** A token of the process itself, with all scopes. */
export interface OwnToken {
  readonly token: string;
  /** `local` or `static`: who calls with it. */
  readonly name: string;
}

/** Who sends requests without a token: everybody, on routes that are public. */
export const ANONYMOUS: Caller = { actor: "anonymous", tokenId: "anonymous", scopes: [] };
/** Everybody, where the operator has switched tokens off. */
const TRUSTED: Caller = { actor: "anonymous", tokenId: "anonymous", scopes: ["*"] };

const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Tells who sends a request, and throws if that caller may not. */
export type CallerOf = (request: Request, needed: NeededScope, peer: string) => Caller;

/** The callers that one application knows. Where a request comes from is no proof of anything, loopback included. */
export function createCallerCheck(options: {
  readonly own: readonly OwnToken[];
  readonly tokens: TokenIndex;
  /** False: everybody is trusted with everything. */
  readonly needsToken: boolean;
  /** How often one peer may send a wrong token. */
  readonly failures: RateLimit;
}): CallerOf {
  const { tokens, needsToken, failures } = options;
  const own = options.own.map(({ token, name }) => ({
    hash: hashOf(token),
    caller: { actor: name === "local" ? "local" : `token:${name}`, tokenId: name, scopes: ["*"] } as const,
  }));
  // One object for each token: made with its first request.
  const stored = new Map<string, Caller>();

  return (request, needed, peer) => {
    if (!needsToken) return TRUSTED;
    const caller = find(BEARER.exec(request.headers.get("authorization") ?? "")?.[1]);
    if (caller === undefined) throw refused(peer);
    if (!allows(caller.scopes, needed))
      throw new ProblemError(
        "ATLAS_HTTP_SCOPE_MISSING",
        `The token does not have the scope "${needed.group}:${needed.access}".`,
      );
    return caller;
  };

  function find(token: string | undefined): Caller | undefined {
    if (token === undefined) return undefined;
    const hash = hashOf(token);
    const mine = own.find((known) => timingSafeEqual(known.hash, hash));
    if (mine !== undefined) return mine.caller;
    const record = tokens.find(token);
    if (record === undefined) return undefined;
    const known = stored.get(record.id);
    if (known !== undefined) return known;
    const caller = { actor: `token:${record.name}`, tokenId: record.id, scopes: record.scopes };
    stored.set(record.id, caller);
    return caller;
  }

  /**
   * The same for a missing, wrong, expired and revoked token. A valid token always passes: else five wrong ones would shut everybody out
   * who comes through the same proxy.
   */
  function refused(peer: string): ProblemError {
    const waitMs = failures.take(peer);
    if (waitMs > 0)
      return new ProblemError("ATLAS_HTTP_RATE_LIMITED", "Too many requests without a valid token.", {
        headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) },
      });
    return new ProblemError(
      "ATLAS_HTTP_TOKEN_INVALID",
      "A valid token is needed. Send it as the header `Authorization: Bearer <token>`.",
      { headers: { "www-authenticate": 'Bearer realm="atlas"' } },
    );
  }
}
