import type { Gateway } from "../../gateway.ts";
import type { Host } from "../../host.ts";
import { type CallerOf, createCallerCheck, type OwnToken } from "../guard/callers.ts";
import type { CheckHost } from "../guard/check-host.ts";
import { createOriginCheck } from "../guard/check-origin.ts";
import { checkPath } from "../guard/check-target.ts";
import { corsHeaders, isPreflight, preflightHeaders } from "../guard/cors.ts";
import { createRateLimit } from "../guard/rate-limit.ts";
import { createReport } from "../problem/report.ts";
import { allRoutes } from "../routes/all-routes.ts";
import { createRouteHost } from "../routes/route-host.ts";
import { createAnswering } from "./answering.ts";
import { peerOf } from "./exchange.ts";
import type { HttpOptions } from "./http-options.ts";
import { type Reply, replyHeaders } from "./reply.ts";
import { requestIdOf } from "./request-id.ts";
import { prepareRoutes } from "./route-table.ts";
import { createRouter } from "./router.ts";
import { unknownRoute } from "./unknown-route.ts";

const BAD_TOKENS_A_MINUTE = 5;
const MINUTE_MS = 60_000;
const RATE_WINDOW_MS = 10_000;
const RATE_MAX = 60;
const MAX_BODY_BYTES = 1024 * 1024;

/** Answers a request. `bindings` is what a server of Node passes along. */
export type Fetch = (request: Request, bindings?: unknown) => Promise<Reply | Response>;

/** What `createHttp` and `serve` have in common. */
export function createApp(
  gateway: Gateway,
  options: Omit<HttpOptions, "hosts" | "token"> & {
    readonly checkHost: CheckHost;
    readonly host: Host;
    readonly own: readonly OwnToken[];
    readonly needsToken: boolean;
    /** Aborted when the server stops; streams end then. */
    readonly stopping: AbortSignal;
  },
): Fetch {
  const { checkHost, host, own, needsToken, stopping } = options;
  const {
    basePath = "",
    origins = [],
    maxBodyBytes = MAX_BODY_BYTES,
    maxRequestsPer10s = RATE_MAX,
  } = options;
  const { clock, log } = host;
  const checkOrigin = createOriginCheck(origins);
  const report = createReport(log);
  const callerOf: CallerOf = createCallerCheck({
    own,
    needsToken,
    tokens: host.tokens,
    failures: createRateLimit({ max: BAD_TOKENS_A_MINUTE, windowMs: MINUTE_MS, clock }),
  });
  const answer = createAnswering({
    gateway,
    host,
    callerOf,
    report,
    stopping,
    maxBodyBytes,
    requests: createRateLimit({ max: maxRequestsPer10s, windowMs: RATE_WINDOW_MS, clock }),
  });

  const routes = prepareRoutes(allRoutes(gateway.routes, createRouteHost(gateway, options)));
  const find = createRouter(routes);

  return async (request, bindings) => {
    const at = clock.monotonic();
    const requestId = requestIdOf(request);
    const { method, headers } = request;
    let reply: Reply | Response;
    let origin: string | undefined;
    try {
      const given = headers.get("host") ?? new URL(request.url).host;
      checkHost(given);
      origin = checkOrigin(request, given);
      if (origin !== undefined && isPreflight(request))
        return {
          status: 204,
          headers: { ...replyHeaders(requestId), ...preflightHeaders(origin) },
          text: null,
        };
      const path = pathOf(request.url);
      checkPath(path);
      // What lies outside is not this application's.
      const inside = path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
      const found = inside === undefined ? undefined : find(method, inside);
      if (found === undefined) throw unknownRoute(method, path, { inside, routes });
      reply = await answer(found, { request, exchange: { requestId, at, peer: peerOf(bindings) } });
    } catch (error) {
      // A client of OpenAI's interface gets an error that it can read, also where it was given a wrong path.
      const shape = request.url.includes(`${basePath}/v1/`) ? "openai" : "problem";
      reply = report(error, { requestId, shape });
      const durationMs = Math.round(clock.monotonic() - at);
      log.info(
        { method, route: "none", status: reply.status, durationMs, request_id: requestId },
        "Answered a request.",
      );
    }
    return origin === undefined ? reply : readableBy(reply, origin);
  };
}

function readableBy(reply: Reply | Response, origin: string): Reply | Response {
  const headers = corsHeaders(origin);
  if (!(reply instanceof Response)) return { ...reply, headers: { ...reply.headers, ...headers } };
  for (const [name, value] of Object.entries(headers)) reply.headers.set(name, value);
  return reply;
}

/** The path of an address as it was sent. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  return start === -1 ? "/" : url.slice(start, end === -1 ? undefined : end);
}
