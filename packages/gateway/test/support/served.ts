import { createTestGateway } from "@atlas/testing";
import { onTestFinished } from "vitest";
import { type GatewayServer, type ServeOptions, serve } from "../../src/http/index.ts";
import { type AnyExtension, type Gateway, type GatewayOptions, silentLogger } from "../../src/index.ts";

/** A gateway with the workflow `hello.v1`, and a server in front of it. */
export interface Served {
  readonly gateway: Gateway;
  readonly server: GatewayServer;
  readonly port: number;
  /** Headers of a request that passes every guard. */
  readonly headers: readonly string[];
  /** Sends a request with the local token. */
  ask(
    path: string,
    init?: { readonly method?: string; readonly body?: unknown; readonly headers?: Record<string, string> },
  ): Promise<Response>;
}

/** Serves until the test is over. */
export async function served(
  options: ServeOptions = {},
  gatewayOptions: Omit<
    GatewayOptions<readonly [], readonly AnyExtension[]>,
    "database" | "modules" | "services"
  > = {},
): Promise<Served> {
  const gateway = await createTestGateway({
    log: silentLogger,
    workflows: [{ id: "hello.v1", run: async () => undefined }],
    ...gatewayOptions,
  });
  onTestFinished(() => gateway.stop());
  const server = await serve(gateway, { maxRequestsPer10s: Number.POSITIVE_INFINITY, ...options });
  onTestFinished(() => server.stop());
  const { port, token } = server;
  return {
    gateway,
    server,
    port,
    headers: [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${token}`],
    ask: (path, { method = "GET", body, headers = {} } = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}
