import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@atlas/core";
import { createTestGateway } from "@atlas/testing";
import { onTestFinished } from "vitest";
import { z } from "zod";
import { createClient } from "../../../src/client/index.ts";
import { createHttp, type HttpOptions } from "../../../src/http/index.ts";
import type { GatewayOptions } from "../../../src/index.ts";

export const TOKEN = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Workflows that end, fail, wait, report, log and make things. */
const workflows: NonNullable<GatewayOptions["workflows"]> = [
  {
    id: "echo.v1",
    input: z.object({ text: z.string() }),
    run: async (ctx, input) => {
      ctx.progress({ done: 1, total: 2, message: "half" });
      ctx.log.info({ text: input["text"] }, "Echoes.");
      ctx.emitArtifact({ type: "echo", title: "Echo", content_md: `# <b>${String(input["text"])}</b>` });
      return { text: String(input["text"]) };
    },
  },
  {
    id: "fail.v1",
    retry: { maxAttempts: 1 },
    run: async () => {
      throw new Error("It fails.");
    },
  },
  {
    id: "ask/me.v1",
    run: async (ctx) => {
      await ctx.step("prepare", async () => "READY");
      await ctx.wait("answer");
    },
  },
  { id: "model.v1", run: async (ctx) => (await ctx.llm.generateText({ prompt: "Hello?" })).text },
];

/** A gateway with its HTTP application, and a client of it. */
export async function openHttp(options: GatewayOptions | object = {}, http: HttpOptions = {}) {
  const gateway = await createTestGateway({
    workflows,
    log: silentLogger,
    journal: true,
    ...options,
  });
  onTestFinished(() => gateway.stop());
  const application = createHttp(gateway, {
    token: TOKEN,
    maxRequestsPer10s: Number.POSITIVE_INFINITY,
    ...http,
  });
  const send = (
    method: string,
    path: string,
    given: { body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const headers = new Headers(given.headers);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${TOKEN}`);
    if (given.body !== undefined) headers.set("content-type", "application/json");
    return application.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers,
        ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
      }),
    );
  };
  const client = createClient({
    url: "http://localhost",
    token: TOKEN,
    retries: 0,
    fetch: (url, init) => application.fetch(new Request(url, init)),
  });
  return { gateway, application, send, client };
}

/** An empty folder that is gone after the test. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "atlas-http-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
