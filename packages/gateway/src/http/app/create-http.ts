import type { Gateway } from "../../gateway.ts";
import { hostOf } from "../../host.ts";
import { createHostCheck } from "../guard/check-host.ts";
import { createApp } from "./create-app.ts";
import { checkHttpOptions, type HttpOptions } from "./http-options.ts";
import { toResponse } from "./reply.ts";

/** A gateway as a web application. */
export interface GatewayHttp {
  /**
   * Answers a request. It never rejects. `bindings` is what `@hono/node-server` passes as its second argument; with it, wrong tokens are
   * counted for each address, and without it for all callers together.
   */
  fetch(request: Request, bindings?: unknown): Promise<Response>;
}

/**
 * Makes a web application of a gateway: a function from `Request` to `Response`, which mounts in Hono, Express, Fastify, a Next.js route
 * handler and whatever else speaks them. It answers as long as the gateway is open. `serve` listens by itself.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({
 *   database: ":memory:",
 *   workflows: [{ id: "hello.v1", run: async () => undefined }],
 * });
 * const { token } = await gateway.tokens.create({ name: "deploy-bot", scopes: ["jobs:*"] });
 * const http = createHttp(gateway);
 * const response = await http.fetch(
 *   new Request("http://localhost/jobs", {
 *     method: "POST",
 *     headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
 *     body: JSON.stringify({ workflow_id: "hello.v1" }),
 *   }),
 * );
 * assert.equal(response.status, 201);
 * await gateway.stop();
 * ```
 */
export function createHttp(gateway: Gateway, options: HttpOptions = {}): GatewayHttp {
  checkHttpOptions("createHttp", options);
  const { token } = options;
  const app = createApp(gateway, {
    ...options,
    host: hostOf("createHttp", gateway),
    checkHost: createHostCheck(options.hosts),
    own: token === undefined ? [] : [{ token, name: "static" }],
    needsToken: true,
    // It ends with the gateway.
    stopping: new AbortController().signal,
  });
  return { fetch: async (request, bindings) => toResponse(await app(request, bindings), request.method) };
}
