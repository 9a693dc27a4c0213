import { createHmac } from "node:crypto";
import { createWebhookSink, createWebhookSource } from "@atlas/plugins/builtin/webhook";
import { createTestGateway } from "@atlas/testing";
import { expect, it } from "vitest";
import { createHttp, serve } from "../../src/http/index.ts";

const SECRET = "s3cret-s3cret-s3cret";

async function receiving() {
  const shop = createWebhookSource({
    id: "shop",
    secret: SECRET,
    receive: async (ctx, { id, body }) => {
      if (body === "fail") throw new Error("secret detail");
      await ctx.commands.enqueue({
        type: "entity.upsert",
        entity: { type: "order", source: "shop", external_id: id, data: { body } },
      });
    },
  });
  const gateway = await createTestGateway({ sources: [shop, { id: "people", sync: async () => undefined }] });
  const http = createHttp(gateway);
  const push = (
    body: string,
    how: { id?: string; secret?: string; to?: string; headers?: Record<string, string> } = {},
  ) => {
    const { id = "msg_1", secret = SECRET, to = "shop", headers = {} } = how;
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
    return http.fetch(
      new Request(`http://localhost/webhooks/${to}`, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`,
          ...headers,
        },
      }),
    );
  };
  return { gateway, push, [Symbol.asyncDispose]: () => gateway.stop() };
}

it("takes a signed delivery without a token, and the same one again", async () => {
  await using opened = await receiving();
  const { gateway, push } = opened;
  for (const _ of [1, 2]) {
    const response = await push('{"total":7}', { headers: { "x-request-id": "req-1" } });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ id: "msg_1", commands: 1, changed: 1 });
  }
  const journal = (await gateway.repo.listJournal()).items;
  expect(journal).toMatchObject([
    {
      actor: "source:shop",
      command_id: "shop:msg_1:1",
      cause: { kind: "request", id: "req-1" },
      context: { correlation_id: "req-1" },
    },
  ]);
});

it("tells a stranger nothing", async () => {
  await using opened = await receiving();
  const { gateway, push } = opened;
  const wrong = { secret: "another-secret-of-others" };
  const forged = await push("1", wrong);
  expect(forged.status).toBe(401);
  const unsigned = await push("1", { headers: { "webhook-signature": "" } });
  const { request_id: _, ...body } = (await forged.json()) as Record<string, unknown>;
  expect(await unsigned.json()).toMatchObject(body);
  await gateway.pause({ source: "shop" });
  expect((await push("1", wrong)).status).toBe(401);

  const unknown = await push("1", { to: "shp" });
  expect(unknown.status).toBe(404);
  const text = await unknown.text();
  expect(text).not.toContain("shop");
  const other = await push("1", { to: "people" });
  expect(other.status).toBe(404);
  expect(((await other.json()) as { detail: string }).detail).toBe(
    (JSON.parse(text) as { detail: string }).detail,
  );
  expect((await gateway.repo.listJournal()).items.filter(({ type }) => type === "entity.upsert")).toEqual([]);
});

it("answers 503 while the source is paused, and 500 without details when it fails", async () => {
  await using opened = await receiving();
  const { gateway, push } = opened;
  await gateway.pause({ source: "shop" });
  const paused = await push("1");
  expect(paused.status).toBe(503);
  expect(paused.headers.get("retry-after")).toBe("60");
  await gateway.resume({ source: "shop" });
  const failed = await push('"fail"');
  expect(failed.status).toBe(500);
  expect(await failed.text()).not.toContain("secret detail");
});

it("refuses what is not JSON, too large, or of another type", async () => {
  await using opened = await receiving();
  const { push } = opened;
  expect((await push("{")).status).toBe(400);
  expect((await push("1", { headers: { "content-type": "text/plain" } })).status).toBe(415);
  expect((await push(JSON.stringify("a".repeat(1024 * 1024)))).status).toBe(413);
});

it("gets each event of another gateway once", async () => {
  await using opened = await receiving();
  const server = await serve(opened.gateway);
  const sink = createWebhookSink({ url: `${server.url}/webhooks/shop`, secret: SECRET, on: ["entity.*"] });
  const sender = await createTestGateway({ sinks: [sink] });
  await sender.commands.enqueue({ type: "entity.upsert", entity: { type: "order", id: "o1" } });
  await sender.stop();
  await server.stop();
  expect((await opened.gateway.repo.listEntities({ type: "order" })).items).toHaveLength(1);
});
