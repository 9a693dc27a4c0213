import { type Envelope, silentLogger } from "@atlas/core";
import { type Context, Hono } from "hono";
import type { Gateway } from "../../gateway.ts";
import { consoleRoutes } from "../console/console-routes.ts";
import { createCallers } from "../guard/callers.ts";
import { readQuery } from "../guard/read-query.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { problemOf } from "../problem/problem-of.ts";
import { allRoutes } from "../routes/all-routes.ts";
import { problemResponse, toResponse } from "./answer.ts";
import type { Call, Caller } from "./handler.ts";
import { checkHttpOptions, type HttpOptions } from "./http-options.ts";
import { requestIdOf } from "./request-id.ts";
import { type PreparedRoute, prepareRoutes } from "./route-table.ts";

/** A gateway as a web application. */
export interface GatewayHttp {
  /** Answers a request. It never rejects. */
  fetch(request: Request): Promise<Response>;
}

/** Makes a web application of a gateway. It mounts in every server that speaks `Request` and `Response`. */
export function createHttp(gateway: Gateway, options: HttpOptions = {}): GatewayHttp {
  checkHttpOptions(options);
  const callers = createCallers(options);
  const app = new Hono();
  for (const route of prepareRoutes([...allRoutes, ...consoleRoutes]))
    app.on(route.contract.method, route.pattern, (context) => answer(route, context));
  app.notFound((context) => {
    const problem = problemOf(
      new ProblemError("ATLAS_HTTP_ROUTE_UNKNOWN", `There is no ${context.req.path}.`),
    );
    return problemResponse(problem, { requestId: requestIdOf(context.req.raw), shape: "problem" });
  });

  return { fetch: async (request) => app.fetch(request) };

  async function answer(route: PreparedRoute, context: Context): Promise<Response> {
    const request = context.req.raw;
    const requestId = requestIdOf(request);
    try {
      const caller = callers.callerOf(request, route.contract.scope);
      const body = route.checkBody?.(await request.json());
      const call: Call<never, never, never> = {
        gateway,
        params: route.checkParams?.(context.req.param()) as never,
        query: route.checkQuery(readQuery(request.url)) as never,
        body: body as never,
        request,
        requestId,
        caller,
        envelope: envelopeOf(requestId, caller),
        log: silentLogger,
        signal: request.signal,
      };
      return toResponse(await route.handle(call), route.contract, requestId);
    } catch (error) {
      return problemResponse(problemOf(error), { requestId, shape: route.contract.errors });
    }
  }
}

function envelopeOf(requestId: string, caller: Caller): Envelope {
  return {
    actor: "http",
    cause: { kind: "request", id: requestId, depth: 0 },
    context: { actor: caller.actor, correlation_id: requestId },
  };
}
