import type { Logger } from "@atlas/core";
import { createFakeModelServer, createTestGateway, type FakeModelServer } from "@atlas/testing";
import OpenAI from "openai";
import { serve } from "../../../src/http/index.ts";
import type { GatewayOptions } from "../../../src/index.ts";

/** A served gateway over a fake model service, and a client of OpenAI that asks it. */
export interface Served extends AsyncDisposable {
  readonly fake: FakeModelServer;
  readonly url: string;
  readonly token: string;
  readonly client: OpenAI;
  /** Every line of the log. */
  readonly lines: readonly { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
}

/** Serves the profiles `house` (one model), `safe` (the model, then the mock) and `mock`. */
export async function serveModels(
  options: Pick<GatewayOptions, "providers" | "models" | "sources"> & {
    readonly profiles?: Record<string, string[]>;
  } = {},
): Promise<Served> {
  const { profiles, ...rest } = options;
  const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const keep = (fields: object, message: string): void => {
    lines.push({ message, fields: fields as Readonly<Record<string, unknown>> });
  };
  const log: Logger = { debug: keep, info: keep, warn: keep, error: keep };
  const fake = await createFakeModelServer();
  const gateway = await createTestGateway({
    log,
    env: { HOUSE_KEY: "house-key-1234567890" },
    routing: {
      llm: {
        default_profile: "house",
        profiles: profiles ?? { safe: ["house", "mock"], house: ["house"], mock: ["mock"] },
        providers: {
          house: {
            base_url: fake.urls.openai,
            model: "house-1",
            api_key_env: "HOUSE_KEY",
            structured_outputs: true,
          },
        },
        limits: { retries: 0 },
      },
    },
    ...rest,
  });
  const server = await serve(gateway, { maxRequestsPer10s: Number.POSITIVE_INFINITY });
  const { url, token } = server;
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0 });
  return {
    fake,
    url,
    token,
    client,
    lines,
    post: (path, body, init = {}) =>
      fetch(`${url}${path}`, {
        method: "POST",
        body: JSON.stringify(body),
        ...init,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...init.headers },
      }),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await gateway.stop();
      await fake.stop();
    },
  };
}
