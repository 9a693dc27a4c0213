import { createServer, type Server, type ServerOptions, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Gateway } from "../../gateway.ts";
import { hostOf } from "../../host.ts";
import { newToken } from "../../tokens/token-text.ts";
import { createApp } from "../app/create-app.ts";
import { problemReply, toResponse } from "../app/reply.ts";
import { newRequestId } from "../app/request-id.ts";
import { type CheckHost, createHostCheck, loopbackHosts } from "../guard/check-host.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { problemOf } from "../problem/problem-of.ts";
import { guardRaw } from "./guard-raw.ts";
import { sendReply } from "./send-reply.ts";
import { checkExposure, checkServeOptions, type ServeOptions } from "./serve-options.ts";
import { createStop } from "./stop-server.ts";

/** A gateway that listens. */
export interface GatewayServer extends AsyncDisposable {
  /** Where it answers: `http://127.0.0.1:4400`. */
  readonly url: string;
  readonly port: number;
  /** A token with all scopes that ends with this server, for programs of this machine. It is nowhere stored. */
  readonly token: string;
  /**
   * Stops listening, ends streams, waits at most `graceMs` for requests that are being answered, and closes every connection. It does not stop
   * the gateway. A second call returns the same promise.
   */
  stop(): Promise<void>;
}

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_GRACE_MS = 8_000;
const MAX_CONNECTIONS = 256;
const WILDCARDS: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Serves a gateway over HTTP with Node. It needs the packages `hono` and `@hono/node-server`. Rejects with `ATLAS_HTTP_TOKEN_REQUIRED`, or
 * with what Node says about the port (`EADDRINUSE`).
 *
 * @example
 * ```ts
 * const gateway = await createGateway({ database: ":memory:" });
 * const server = await serve(gateway);
 * const response = await fetch(`${server.url}/status`, { headers: { authorization: `Bearer ${server.token}` } });
 * await response.body?.cancel();
 * assert.ok(server.port > 0);
 * await server.stop();
 * await gateway.stop();
 * ```
 */
export async function serve(gateway: Gateway, options: ServeOptions = {}): Promise<GatewayServer> {
  checkServeOptions(options);
  const host = hostOf("serve", gateway);
  const { token, auth = "token", port = 0, graceMs = DEFAULT_GRACE_MS } = options;
  // The name may stand for another address than this machine's.
  const address = options.host === undefined || options.host === "localhost" ? DEFAULT_HOST : options.host;
  checkExposure(address, { auth, token, hasTokens: host.tokens.hasAny() });
  if (auth === "none")
    host.log.warn({ host: address }, "Everybody on this machine may do everything: auth is none.");
  const local = newToken();
  const stopping = new AbortController();
  // Loaded here, so that mounting does not need it.
  const { getRequestListener } = await import("@hono/node-server");
  const { RESPONSE_ALREADY_SENT } = await import("@hono/node-server/utils/response");
  // Which hosts are its own is known with the port, before the first connection.
  let isOwn: CheckHost = createHostCheck([]);
  const checkHost: CheckHost = (given) => isOwn(given);
  const app = createApp(gateway, {
    ...options,
    checkHost,
    host,
    own: [{ token: local, name: "local" }, ...(token === undefined ? [] : [{ token, name: "static" }])],
    needsToken: auth !== "none",
    stopping: stopping.signal,
  });
  const answer = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const reply = await app(request, { incoming });
      if (reply instanceof Response) return toResponse(reply, request.method);
      sendReply(reply, outgoing as ServerResponse);
      return RESPONSE_ALREADY_SENT;
    },
    // Without a hand on the global Request and Response of the host's process.
    { overrideGlobalObjects: false, errorHandler: malformed },
  );
  const server = createServer(limitsOf(options), guardRaw(answer, checkHost));
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  const stop = createStop({ server, stopping, graceMs, clock: host.clock });
  const bound = await listen(server, { port, host: address });
  const url = urlOf(address, bound);
  isOwn = createHostCheck(options.hosts ?? [...loopbackHosts(bound), new URL(url).host]);
  // Such as too many open files when a connection comes in: no reason to end the process.
  server.on("error", (error) => host.log.error({ error }, "The HTTP server failed to take a connection."));
  return { url, port: bound, token: local, stop, [Symbol.asyncDispose]: stop };
}

/** A client that sends slowly holds a connection for no longer than this. */
function limitsOf({ headersTimeoutMs, requestTimeoutMs = REQUEST_TIMEOUT_MS }: ServeOptions): ServerOptions {
  return {
    // Node refuses one that is longer than that of the whole request.
    headersTimeout: Math.min(headersTimeoutMs ?? HEADERS_TIMEOUT_MS, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: 5_000,
    maxHeaderSize: 16 * 1024,
    // Node's own answer to a missing one has no body; ours says what is wrong.
    requireHostHeader: false,
  };
}

function listen(server: Server, at: { readonly port: number; readonly host: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, () => {
      server.off("error", reject);
      // A server that listens on a port has such an address.
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** The answer to what cannot be made a `Request` of. */
function malformed(): Response {
  const error = new ProblemError(
    "ATLAS_HTTP_REQUEST_MALFORMED",
    "The request line or a header cannot be read.",
  );
  return toResponse(problemReply(problemOf(error), { requestId: newRequestId(), shape: "problem" }), "GET");
}

/** An address under which this machine reaches the server. */
function urlOf(address: string, port: number): string {
  const reached = WILDCARDS[address] ?? address;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}`;
}
