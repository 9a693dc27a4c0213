import { Hono } from "hono";
import type { Gateway } from "../../gateway.ts";
import type { Host } from "../../host.ts";
import { type CallerOf, createCallerCheck, type OwnToken } from "../guard/callers.ts";
import { createHostCheck } from "../guard/check-host.ts";
import { createOriginCheck } from "../guard/check-origin.ts";
import { checkPath } from "../guard/check-target.ts";
import { corsHeaders, isPreflight, preflightHeaders } from "../guard/cors.ts";
import { createRateLimit } from "../guard/rate-limit.ts";
import { createReport } from "../problem/report.ts";
import { allRoutes } from "../routes/all-routes.ts";
import { answerHeaders } from "./answer.ts";
import { createAnswering } from "./answering.ts";
import { type Exchange, peerOf } from "./exchange.ts";
import { extensionRoutes } from "./extension-routes.ts";
import type { HttpOptions } from "./http-options.ts";
import { requestIdOf } from "./request-id.ts";
import { prepareRoutes } from "./route-table.ts";
import { unknownRoute } from "./unknown-route.ts";

const BAD_TOKENS_A_MINUTE = 5;
const MINUTE_MS = 60_000;
const RATE_WINDOW_MS = 10_000;
const RATE_MAX = 60;
const MAX_BODY_BYTES = 1024 * 1024;

/** Answers a request. `bindings` is what a server of Node passes along. */
export type Fetch = (request: Request, bindings?: unknown) => Promise<Response>;

/** What `createHttp` and `serve` have in common. */
export function createApp(
  gateway: Gateway,
  options: HttpOptions & {
    readonly host: Host;
    readonly own: readonly OwnToken[];
    readonly needsToken: boolean;
    /** Aborted when the server stops; streams end then. */
    readonly stopping: AbortSignal;
  },
): Fetch {
  const { host, own, needsToken, stopping } = options;
  const {
    basePath = "",
    origins = [],
    maxBodyBytes = MAX_BODY_BYTES,
    maxRequestsPer10s = RATE_MAX,
  } = options;
  const { clock, log } = host;
  const checkHost = createHostCheck(options.hosts);
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

  const routes = prepareRoutes([...allRoutes, ...extensionRoutes(gateway.routes, allRoutes)]);
  const app = new Hono<{ Bindings: Exchange }>();
  for (const route of routes)
    app.on(route.contract.method, basePath + route.pattern, (context) =>
      answer(route, { request: context.req.raw, params: context.req.param(), exchange: context.env }),
    );
  app.notFound(({ req, env }) => {
    const path = req.path.startsWith(basePath) ? req.path.slice(basePath.length) : req.path;
    // A client of OpenAI's interface gets an error that it can read, also where it was given a wrong path.
    const shape = path.startsWith("/v1/") ? "openai" : "problem";
    return report(unknownRoute(req.method, path, routes), { requestId: env.requestId, shape });
  });

  return async (request, bindings) => {
    const at = clock.monotonic();
    const requestId = requestIdOf(request);
    let origin: string | undefined;
    try {
      const given = request.headers.get("host") ?? new URL(request.url).host;
      checkHost(given);
      origin = checkOrigin(request, given);
      checkPath(pathOf(request.url));
    } catch (error) {
      const response = report(error, { requestId, shape: "problem" });
      logAnswer("none", request.method, response.status, { requestId, at });
      return response;
    }
    if (origin !== undefined && isPreflight(request))
      return new Response(null, {
        status: 204,
        headers: { ...answerHeaders(requestId), ...preflightHeaders(origin) },
      });
    const response = await app.fetch(request, { requestId, at, peer: peerOf(bindings) });
    if (origin !== undefined)
      for (const [name, value] of Object.entries(corsHeaders(origin))) response.headers.set(name, value);
    return response;
  };

  function logAnswer(
    route: string,
    method: string,
    status: number,
    { requestId, at }: { readonly requestId: string; readonly at: number },
  ): void {
    const durationMs = Math.round(clock.monotonic() - at);
    log.info({ method, route, status, durationMs, request_id: requestId }, "Answered a request.");
  }
}

/** The path of an address as it was sent. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = url.indexOf("?", start);
  return start === -1 ? "/" : url.slice(start, end === -1 ? undefined : end);
}
