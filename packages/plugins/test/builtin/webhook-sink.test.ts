import { createHmac, randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import {
  createWebhookSink,
  verifyWebhook,
  type WebhookSinkOptions,
} from "../../src/builtin/webhook/index.ts";
import { type Asked, serve } from "./support/local-server.ts";
import { eventOf, openContext } from "./support/open-context.ts";

const SECRET = "s3cret-s3cret-s3cret";
const START = Date.parse("2026-01-01T00:00:00.000Z");

async function sending(
  answer: number | ((asked: Asked, response: ServerResponse) => void),
  options: Partial<WebhookSinkOptions> & { readonly signal?: AbortSignal } = {},
) {
  const { signal, ...own } = options;
  const clock = createFakeClock();
  const opened = await openContext({ clock, ...(signal === undefined ? {} : { signal }) });
  const server = await serve(
    typeof answer === "number" ? (_, response) => response.writeHead(answer).end() : answer,
  );
  const sink = createWebhookSink({ url: `${server.origin}/hook/t0ken?key=t0ken`, secret: SECRET, ...own });
  const event = eventOf("artifact.created", "a1", { type: "digest" });
  const deliver = (attempt = 1) => sink.handle(event, opened.sinkContext(attempt));
  const failure = async () =>
    deliver().then(
      () => expect.unreachable("the delivery succeeded"),
      (error) => error,
    );
  return { ...opened, advance: clock.advance, ...server, deliver, failure };
}

function signed(over: Partial<Asked> & { readonly body?: string } = {}) {
  const body = over.body ?? '{"a":1}';
  const signature = createHmac("sha256", SECRET)
    .update(`evt_1.${START / 1_000}.${body}`)
    .digest("base64");
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(START / 1_000),
    "webhook-signature": `v1,${signature}`,
  };
  return { headers, body, secret: SECRET, now: START };
}

describe("the webhook sink", () => {
  it("posts the event with an id that stays, and a signature that its receiver can verify", async () => {
    const { deliver, requests, advance } = await sending(204, { headers: { "x-team": "red" } });
    await deliver(1);
    advance(60_000);
    await deliver(2);
    expect(requests).toMatchObject([
      {
        method: "POST",
        path: "/hook/t0ken?key=t0ken",
        headers: {
          "content-type": "application/json",
          "webhook-id": "evt_abcdefgh_7",
          "webhook-timestamp": String(START / 1_000),
          "x-team": "red",
        },
      },
      { headers: { "webhook-id": "evt_abcdefgh_7", "webhook-timestamp": String(START / 1_000 + 60) } },
    ]);
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual({
      id: "evt_abcdefgh_7",
      type: "artifact.created",
      aggregate_id: "a1",
      payload: { type: "digest" },
      created_at: "2026-01-01T00:00:00.000Z",
    });
    expect(requests[1]?.body).toBe(requests[0]?.body);
    for (const { headers, body } of requests) {
      expect(verifyWebhook({ headers, body, secret: SECRET, now: START })).toEqual({
        valid: true,
        id: "evt_abcdefgh_7",
      });
    }
  });

  it("sends what it is told to make of an event, or nothing", async () => {
    const { deliver, requests, commands } = await sending(200, {
      body: async (event, { repo }) => {
        const artifact = await repo.getArtifact(event.aggregate_id ?? "");
        return artifact === undefined ? undefined : { text: artifact.content_md ?? "" };
      },
    });
    await deliver();
    expect(requests).toEqual([]);
    await commands.enqueue({
      type: "artifact.create",
      artifact: { id: "a1", type: "digest", content_md: "Hello" },
    });
    await deliver();
    expect(requests.map(({ body }) => body)).toEqual(['{"text":"Hello"}']);
  });

  it("sends no signature without a secret", async () => {
    const clock = createFakeClock();
    const { sinkContext } = await openContext({ clock });
    const { origin, requests } = await serve((_, response) => response.end());
    await createWebhookSink({ url: origin }).handle(eventOf("tick"), sinkContext());
    expect(requests[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  it.each([408, 425, 429, 500, 502, 503, 504])(
    "comes again after %i, when it is asked to",
    async (status) => {
      const { failure } = await sending((_, response) =>
        response.writeHead(status, { "retry-after": "7" }).end(),
      );
      expect(await failure()).toMatchObject({
        code: "ATLAS_PLUGINS_HTTP_FAILED",
        retryable: true,
        retryAfterMs: 7_000,
        details: { status },
      });
    },
  );

  it.each([400, 401, 403, 404, 410, 413, 422])("takes %i for final", async (status) => {
    const { failure } = await sending(status);
    expect(await failure()).toMatchObject({
      code: "ATLAS_PLUGINS_HTTP_REFUSED",
      retryable: false,
      details: { status },
    });
  });

  it.each([301, 302, 307, 308, 304])("follows no redirect (%i)", async (status) => {
    const elsewhere = await serve((_, response) => response.end());
    const { failure } = await sending((_, response) =>
      response.writeHead(status, { location: `${elsewhere.origin}/` }).end(),
    );
    expect(await failure()).toMatchObject({ code: "ATLAS_PLUGINS_HTTP_REFUSED", retryable: false });
    expect(elsewhere.requests).toEqual([]);
  });

  it("gives up after its time, and comes again", async () => {
    const asked = Promise.withResolvers<void>();
    const { failure, advance } = await sending(() => asked.resolve(), { timeoutMs: 3_000 });
    const failed = failure();
    await asked.promise;
    advance(3_000);
    expect(await failed).toMatchObject({
      code: "ATLAS_PLUGINS_HTTP_FAILED",
      retryable: true,
      message: expect.stringContaining("did not answer within 3000 ms"),
    });
  });

  it("is not held by an answer that never ends", async () => {
    const { deliver, requests } = await sending((_, response) => void response.writeHead(200).write("x"));
    await deliver();
    expect(requests).toHaveLength(1);
  });

  it("ends when it is told to", async () => {
    const stop = new AbortController();
    const { failure } = await sending(() => stop.abort(new Error("The gateway is stopping.")), {
      signal: stop.signal,
    });
    expect((await failure()).message).toBe("The gateway is stopping.");
  });

  it.each([
    [
      "a refusal",
      (_: Asked, response: ServerResponse) => void response.writeHead(403).end(`${SECRET} t0ken`),
    ],
    [
      "a failure",
      (_: Asked, response: ServerResponse) => void response.writeHead(500).end(`${SECRET} t0ken`),
    ],
    ["a broken connection", (_: Asked, response: ServerResponse) => void response.destroy()],
  ])("tells no secret when there is %s", async (_, answer) => {
    const error = await (await sending(answer, { headers: { authorization: "Bearer t0ken" } })).failure();
    const told = [error.message, error.stack, JSON.stringify(error), String(error.cause)].join("\n");
    expect(told).not.toContain(SECRET);
    expect(told).not.toContain("t0ken");
  });

  it("tells no secret when its options are wrong", () => {
    for (const options of [
      { url: "https://t0ken:t0ken@example.invalid/" },
      { url: "t0ken" },
      { url: "https://example.invalid/", secret: "t0ken" },
      { url: "https://example.invalid/", headers: { a: "t0ken\u0000" } },
      { url: "https://example.invalid/", timeoutMs: 1e9 },
    ]) {
      const make = () => createWebhookSink(options);
      expect(make).toThrow(TypeError);
      expect(make).not.toThrow(/t0ken/);
    }
  });
});

describe("a receiver", () => {
  it("agrees with the example of the Standard Webhooks specification", () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const delivery = { headers, body: '{"test": 2432232314}', secret, now: 1_614_265_330_000 };
    expect(verifyWebhook(delivery)).toEqual({ valid: true, id: "msg_p5jXN8AQM9LWM0D4loKWxJek" });
  });

  it("takes headers as fetch and as Node give them, a body of bytes, and one of several secrets", () => {
    const { headers, body, secret, now } = signed();
    const valid = { valid: true, id: "evt_1" };
    expect(verifyWebhook({ headers: new Headers(headers), body: Buffer.from(body), secret, now })).toEqual(
      valid,
    );
    expect(verifyWebhook({ headers, body, secret: ["another secret of old", secret], now })).toEqual(valid);
    const two = { ...headers, "webhook-signature": `v1,AAAA v2,x ${headers["webhook-signature"]}` };
    expect(verifyWebhook({ headers: two, body, secret, now })).toEqual(valid);
  });

  it.each([
    ["another body", { body: '{"a":2}' }, "signature_wrong"],
    ["another secret", { secret: "not the sender's own one" }, "signature_wrong"],
    ["an old delivery", { now: START + 300_001 }, "too_old_or_new"],
    ["one from the future", { now: START - 300_001 }, "too_old_or_new"],
  ])("does not trust %s", (_, changed, reason) => {
    expect(verifyWebhook({ ...signed(), ...changed })).toEqual({ valid: false, reason });
  });

  it.each([
    ["webhook-id", "evt_2", "signature_wrong"],
    ["webhook-timestamp", String(START / 1_000 + 1), "signature_wrong"],
    ["webhook-timestamp", "soon", "too_old_or_new"],
    ["webhook-timestamp", "", "header_missing"],
    ["webhook-signature", "v1,", "signature_wrong"],
    ["webhook-signature", "nonsense", "signature_wrong"],
    ["webhook-signature", `v1,${randomBytes(32).toString("base64")}`, "signature_wrong"],
  ])("does not trust a changed %s (%s)", (name, value, reason) => {
    const { headers, ...delivery } = signed();
    expect(verifyWebhook({ ...delivery, headers: { ...headers, [name]: value } })).toEqual({
      valid: false,
      reason,
    });
  });

  it("throws when it is used wrongly, for a wrong secret would let nothing pass", () => {
    expect(() => verifyWebhook({ ...signed(), secret: "short" })).toThrow('the option "secret" must be');
    expect(() => verifyWebhook({ ...signed(), secret: [] })).toThrow(TypeError);
    // @ts-expect-error a parsed body is not what was signed
    expect(() => verifyWebhook({ ...signed(), body: { a: 1 } })).toThrow(
      'the option "body" must be the raw body',
    );
  });
});
