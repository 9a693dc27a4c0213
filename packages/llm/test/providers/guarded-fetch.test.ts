import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLLMRouter, type LLMError } from "../../src/index.ts";
import { createGuardedFetch } from "../../src/providers/guarded-fetch.ts";

const KEY = "canary-5d1e7c20b4";

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  // Sound: a server that listens on a port has an address with one.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service that redirects to another host, which keeps what it was sent. */
async function openTwo(status: number) {
  const stolen: string[] = [];
  const other = await listen((request, response) => {
    stolen.push(JSON.stringify(request.headers));
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  const service = await listen((_, response) => {
    response.writeHead(status, { location: `${other}/v1/chat/completions` }).end();
  });
  return { service, stolen };
}

describe.each([301, 302, 303, 307, 308])("a redirect %s to another host", (status) => {
  it.each(["openai-compatible", "openai", "anthropic", "google"] as const)(
    "gets no request and no key from %s",
    async (type) => {
      const { service, stolen } = await openTwo(status);
      const router = createLLMRouter({
        config: {
          profiles: { fast: ["house"] },
          providers: { house: { type, base_url: service, model: "m", api_key_env: "HOUSE_KEY" } },
        },
        env: { HOUSE_KEY: KEY },
      });
      const error: LLMError = await router.generateText({ prompt: "Hello" }).then(
        () => expect.fail("It answered."),
        (thrown: LLMError) => thrown,
      );
      expect(error.route?.attempts.map(({ outcome }) => outcome)).toEqual(["misconfigured"]);
      expect(error.message).toContain(`redirect (${status})`);
      expect(stolen).toEqual([]);
    },
  );
});

it("trusts no answer of a fetch that has followed a redirect", async () => {
  const { service } = await openTwo(302);
  const careless = createGuardedFetch((input, init) => fetch(input, { ...init, redirect: "follow" }));
  await expect(careless(service)).rejects.toThrow(/followed a redirect/);
});

it("reads as much as its caller expects, and no more", async () => {
  const answering = (bytes: number) => createGuardedFetch(async () => new Response("x".repeat(bytes)), 10);
  expect(await (await answering(10)("http://house.example/")).text()).toHaveLength(10);
  const larger = await answering(11)("http://house.example/");
  await expect(larger.text()).rejects.toThrow("The answer is larger than 10 bytes");
});
