import type { Envelope, Logger } from "@atlas/core";
import type { z } from "zod";
import type { Gateway } from "../../gateway.ts";
import type { CreateOptions } from "../../jobs/create-options.ts";
import type { RouteContract } from "../contract/route.ts";

/** Who sends a request, as its token says. */
export interface Caller {
  /** `token:<name>`, `local` for the token of this process, or `anonymous` where no token is asked for. It is the context's actor. */
  readonly actor: string;
  /** What idempotency keys are kept apart by: the token's id. */
  readonly tokenId: string;
  /** `jobs:read`, `jobs:*`, `*:read` or `*`. */
  readonly scopes: readonly string[];
}

/** A request that has passed every guard, with its parts checked and parsed. */
export interface Call<Params, Query, Body> {
  readonly gateway: Gateway;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: Request;
  readonly requestId: string;
  readonly caller: Caller;
  /**
   * The bytes of the body, for a route without a body schema, such as one that checks a signature over them. At most `maxBodyBytes`; what has
   * more ends with 413. Not for a route whose contract has a `body`.
   */
  readonly readBody: () => Promise<Uint8Array>;
  /**
   * For `jobs.create` and `createMany`: with an `Idempotency-Key`, the answer is kept in the same unit as the jobs, so that it is given again
   * exactly when they are there. `answerOf` returns what `handle` will return. Without a key it does nothing.
   */
  readonly keepAnswer: (answerOf: (ids: readonly string[]) => unknown) => CreateOptions;
  /** For every command and job of the request: cause, correlation id and actor. */
  readonly envelope: Envelope;
  /** Logs with the request id. */
  readonly log: Logger;
  /** Aborted when the client goes away, when its token is revoked, and when the server or the gateway stops. */
  readonly signal: AbortSignal;
}

/**
 * A route with what answers it. `handle` returns the value of the contract's schema, which is sent as JSON; or a `Response` for
 * everything else, such as a stream. A thrown error of Atlas becomes a problem document with its code.
 */
export interface HttpRoute {
  readonly contract: RouteContract;
  readonly handle: (call: Call<never, never, never>) => unknown;
}

/** Ties a handler to its contract, whose schemas type it. */
export function handleRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(
  contract: RouteContract<Params, Query, Body, Answer>,
  handle: (
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => z.input<Answer> | Response | Promise<z.input<Answer> | Response>,
): HttpRoute {
  return { contract, handle };
}
