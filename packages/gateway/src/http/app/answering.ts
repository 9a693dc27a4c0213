import type { Envelope } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";
import type { Host } from "../../host.ts";
import { ANONYMOUS, type CallerOf } from "../guard/callers.ts";
import { parseBody } from "../guard/parse-body.ts";
import type { RateLimit } from "../guard/rate-limit.ts";
import { checkContentType, readBody } from "../guard/read-body.ts";
import { readQuery } from "../guard/read-query.ts";
import { ProblemError } from "../problem/problem-error.ts";
import type { Report } from "../problem/report.ts";
import { logWith } from "./call-log.ts";
import type { Exchange } from "./exchange.ts";
import type { Call, Caller } from "./handler.ts";
import { createIdempotency, type KeptAnswer, type KeyedRequest, keepAfterwards } from "./idempotency.ts";
import { type Reply, replyHeaders, replyOf } from "./reply.ts";
import type { PreparedRoute } from "./route-table.ts";
import type { Found } from "./router.ts";

const NO_BODY = new Uint8Array();
const TOO_MANY_REQUESTS = 429;
const LEAST_PROBLEM = 400;
const LEAST_FAILURE = 500;

/** A request whose route is known. */
export interface RoutedRequest {
  readonly request: Request;
  readonly exchange: Exchange;
}

/** Answers the requests of one route after the other guards. It never rejects. */
export function createAnswering(parts: {
  readonly gateway: Gateway;
  readonly host: Host;
  readonly callerOf: CallerOf;
  readonly report: Report;
  readonly requests: RateLimit;
  readonly maxBodyBytes: number;
  readonly stopping: AbortSignal;
}): (found: Found, routed: RoutedRequest) => Promise<Reply | Response> {
  const { gateway, host, callerOf, report, requests, stopping } = parts;
  const { clock, log } = host;
  const begin = createIdempotency(gateway, host);

  return async (found, routed) => {
    const { id, errors: shape } = found.route.contract;
    const { requestId, at } = routed.exchange;
    let reply: Reply | Response;
    try {
      reply = await answer(found, routed);
    } catch (error) {
      reply = report(error, { requestId, shape, route: id });
    }
    const durationMs = Math.round(clock.monotonic() - at);
    const { status } = reply;
    log.info(
      { method: routed.request.method, route: id, status, durationMs, request_id: requestId },
      "Answered a request.",
    );
    return reply;
  };

  async function answer({ route, params }: Found, routed: RoutedRequest): Promise<Reply | Response> {
    const { contract } = route;
    const { request, exchange } = routed;
    const caller = contract.scope === "public" ? ANONYMOUS : callerOf(request, contract.scope, exchange.peer);
    if (contract.scope !== "public") checkRate(caller);
    const maxBytes = contract.maxBodyBytes ?? parts.maxBodyBytes;
    let bytes: Uint8Array = NO_BODY;
    let body: unknown;
    if (route.checkBody !== undefined) {
      checkContentType(request);
      bytes = await readBody(request, maxBytes);
      body = parseBody(bytes);
    }
    const checkedParams = route.checkParams?.(params);
    const query = route.checkQuery(readQuery(request.url));
    const checkedBody = route.checkBody?.(body);
    const key = contract.idempotent === true ? request.headers.get("idempotency-key") : null;
    const call: Call<never, never, never> = {
      gateway,
      // The contract's schemas made them, and type the handler.
      params: checkedParams as never,
      query: query as never,
      body: checkedBody as never,
      request,
      requestId: exchange.requestId,
      caller,
      envelope: envelopeOf(exchange.requestId, caller),
      readBody: () => readBody(request, maxBytes),
      keepAnswer: () => ({}),
      // Made when they are asked for: most calls need neither.
      get log() {
        return logWith(log, { request_id: exchange.requestId });
      },
      get signal() {
        const revoked = host.tokens.revoked(caller.tokenId);
        const ends = [request.signal, stopping, host.stopping];
        return AbortSignal.any(revoked === undefined ? ends : [...ends, revoked]);
      },
    };
    if (key === null)
      return replyOf(contract, { answer: await route.handle(call), requestId: exchange.requestId });
    const { method, url } = request;
    using keyed = await begin({ tokenId: caller.tokenId, key, method, target: targetOf(url), body: bytes });
    // Awaited here: the key is let go of when this function returns.
    return await answerKeyed(route, { call, keyed });
  }

  /** Answers a request with an `Idempotency-Key`: as before, or for the first time. */
  async function answerKeyed(
    route: PreparedRoute,
    { call, keyed }: { readonly call: Call<never, never, never>; readonly keyed: KeyedRequest },
  ): Promise<Reply | Response> {
    const { contract } = route;
    const { requestId, envelope } = call;
    if (keyed.kept !== undefined) return replayed(route, keyed.kept, requestId);
    let kept: KeptAnswer | undefined;
    const keepAnswer: (typeof call)["keepAnswer"] = (answerOf) => ({
      alongside: (ids) => {
        kept = { status: contract.answer.status, body: JSON.stringify(answerOf(ids)) };
        return [keyed.keeping(kept)].filter((command) => command !== undefined);
      },
    });
    let reply: Reply | Response;
    try {
      const answered = await route.handle(withKeepAnswer(call, keepAnswer));
      reply = replyOf(contract, { answer: answered, text: kept?.body, requestId });
      if (kept !== undefined) return reply;
    } catch (error) {
      reply = report(error, { requestId, shape: contract.errors, route: contract.id });
    }
    const { status } = reply;
    // These may go better the next time; a stream cannot be given again.
    if (status >= LEAST_FAILURE || status === TOO_MANY_REQUESTS || reply instanceof Response) return reply;
    const command = keyed.keeping({ status, body: reply.text ?? "" });
    await keepAfterwards(command, { host, envelope, log: call.log });
    return reply;
  }

  function replayed(route: PreparedRoute, { status, body }: KeptAnswer, requestId: string): Reply | Response {
    const { contract } = route;
    const headers = { ...replyHeaders(requestId), "idempotent-replayed": "true" };
    if (status === 204) return { status, headers, text: null };
    if (status >= LEAST_PROBLEM) {
      const type = contract.errors === "openai" ? "application/json" : "application/problem+json";
      return { status, headers: { ...headers, "content-type": type }, text: body };
    }
    const reply = replyOf(contract, { answer: JSON.parse(body), text: body, requestId });
    if (!(reply instanceof Response)) reply.headers["idempotent-replayed"] = "true";
    return reply;
  }

  function checkRate({ tokenId }: Caller): void {
    const waitMs = requests.take(tokenId);
    if (waitMs > 0)
      throw new ProblemError("ATLAS_HTTP_RATE_LIMITED", "This token sends too many requests.", {
        headers: { "retry-after": String(Math.ceil(waitMs / 1_000)) },
      });
  }
}

/** Getters stay getters. */
function withKeepAnswer<Given extends Call<never, never, never>>(
  call: Given,
  keepAnswer: Given["keepAnswer"],
): Given {
  return Object.defineProperty(call, "keepAnswer", { value: keepAnswer });
}

function envelopeOf(requestId: string, caller: Caller): Envelope {
  return {
    actor: "http",
    cause: { kind: "request", id: requestId, depth: 0 },
    context: { actor: caller.actor, correlation_id: requestId },
  };
}

/** Path and query of an address. */
function targetOf(url: string): string {
  return url.slice(url.indexOf("/", url.indexOf("://") + 3));
}
