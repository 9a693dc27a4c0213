import { createHmac } from "node:crypto";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { createWebhookSource } from "../../src/builtin/webhook/index.ts";
import type { SourceDelivery, SourcePlugin, SourceReceiveContext } from "../../src/index.ts";
import { createPluginRegistry, createSourceRunner, loadPauses } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";

const SECRET = "s3cret-s3cret-s3cret";

type Receive = (ctx: SourceReceiveContext, delivery: SourceDelivery) => Promise<void>;

const keepOrder: Receive = async (ctx, { id, body }) => {
  await ctx.commands.enqueue({
    type: "entity.upsert",
    entity: { type: "order", source: "shop", external_id: id, data: { body } },
  });
};

async function receiving(receive: Receive, over: Partial<SourcePlugin> = {}) {
  const clock = createFakeClock();
  const opened = await openStore({ clock });
  const registry = createPluginRegistry();
  registry.registerSource({ ...createWebhookSource({ id: "shop", secret: SECRET, receive }), ...over });
  registry.registerSource({ id: "people", sync: async () => undefined });
  const pauses = await loadPauses({ ...opened, registry, clock, onResumed: () => undefined });
  const runner = createSourceRunner({ ...opened, registry, random: () => 0.5, pausedAt: pauses.pausedAt });
  const signed = (body: string, { id = "msg_1", secret = SECRET, ageMs = 0 } = {}) => {
    const timestamp = String(Math.floor((clock.now() - ageMs) / 1_000));
    const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
      "x-topic": "orders",
    };
    return { headers, body };
  };
  const entities = async () => (await opened.repo.listEntities({})).items;
  return { ...opened, ...pauses, clock, runner, signed, entities };
}

describe("a delivery", () => {
  it("is handed over with its id, body and headers, and is on disk when it resolves", async () => {
    const seen: SourceDelivery[] = [];
    const { runner, signed, entities, repo } = await receiving(async (ctx, delivery) => {
      seen.push(delivery);
      void keepOrder(ctx, delivery);
    });
    const by = { cause: { kind: "request", id: "r1", depth: 0 }, context: { correlation_id: "r1" } } as const;
    expect(await runner.receive("shop", signed('{"total":7}'), by)).toEqual({
      id: "msg_1",
      commands: 1,
      changed: 1,
    });
    expect(seen[0]).toMatchObject({ id: "msg_1", body: { total: 7 } });
    expect(seen[0]?.headers.get("x-topic")).toBe("orders");
    expect(await entities()).toMatchObject([{ id: "shop:msg_1", data: { body: { total: 7 } } }]);
    expect((await repo.listJournal()).items).toMatchObject([
      {
        actor: "source:shop",
        command_id: "shop:msg_1:1",
        context: { correlation_id: "r1" },
        cause: { id: "r1" },
      },
    ]);
  });

  it("changes nothing when it comes again, and gets the same answer", async () => {
    const { runner, signed, repo } = await receiving(keepOrder);
    const first = await runner.receive("shop", signed("1"));
    expect(await runner.receive("shop", signed("1"))).toEqual(first);
    expect((await repo.listJournal()).items).toHaveLength(1);
    await runner.receive("shop", signed("1", { id: "msg_2" }));
    expect((await repo.listJournal()).items).toHaveLength(2);
  });

  it("changes nothing when the source makes something else of it the second time", async () => {
    let round = 0;
    const { runner, signed, entities } = await receiving(async (ctx) => {
      round += 1;
      const entity = { type: "note", id: `n${round}` };
      await ctx.commands.enqueue({ type: "entity.upsert", entity });
      await ctx.commands.enqueueAll([{ type: "entity.upsert", entity: { type: "note", id: `m${round}` } }]);
    });
    await runner.receive("shop", signed("1"));
    expect(await runner.receive("shop", signed("1"))).toEqual({ id: "msg_1", commands: 2, changed: 0 });
    expect((await entities()).map(({ id }) => id).sort()).toEqual(["m1", "n1"]);
  });

  it("goes on where it failed when it comes again", async () => {
    let fails = true;
    const { runner, signed, entities } = await receiving(async (ctx) => {
      await ctx.commands.enqueue({ type: "entity.upsert", entity: { type: "note", id: "n1" } });
      if (fails) throw new Error("The shop is closed.");
      await ctx.commands.enqueue({ type: "entity.upsert", entity: { type: "note", id: "n2" } });
    });
    await expect(runner.receive("shop", signed("1"))).rejects.toThrow("closed");
    fails = false;
    await runner.receive("shop", signed("1"));
    expect((await entities()).map(({ id }) => id).sort()).toEqual(["n1", "n2"]);
  });

  it("is handed over once while it is under way", async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const { runner, signed } = await receiving(async () => {
      calls += 1;
      await gate.promise;
    });
    const both = [runner.receive("shop", signed("1")), runner.receive("shop", signed("1"))];
    const other = runner.receive("shop", signed("1", { id: "msg_2" }));
    gate.resolve();
    await Promise.all([...both, other]);
    expect(calls).toBe(2);
  });

  it("fails when a command is refused, even one that nobody awaits", async () => {
    const { runner, signed } = await receiving(async (ctx) => {
      void ctx.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} });
    });
    await expect(runner.receive("shop", signed("1"))).rejects.toMatchObject({ code: "ATLAS_CORE_NOT_FOUND" });
  });

  it("keeps up to maxRefused refused commands as records", async () => {
    const receive: Receive = async (ctx) => {
      await ctx.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} });
    };
    const { runner, signed, repo } = await receiving(receive, { maxRefused: 1 });
    expect(await runner.receive("shop", signed("1"))).toEqual({ id: "msg_1", commands: 0, changed: 0 });
    expect(await repo.plugins.listRefusedRecords({ source_id: "shop" })).toHaveLength(1);
  });

  it.each([
    ["another secret", { secret: "another-secret-of-others" }],
    ["an old time", { ageMs: 600_000 }],
  ])("with %s is refused before it is read, and does not say why", async (_, how) => {
    const { runner, signed, entities } = await receiving(keepOrder);
    const error = await runner.receive("shop", signed("no JSON", how)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "ATLAS_PLUGINS_DELIVERY_REFUSED",
      message: expect.not.stringContaining("too_old"),
    });
    expect(await entities()).toEqual([]);
  });

  it("that is not JSON, or goes to another source, is refused", async () => {
    const { runner, signed } = await receiving(keepOrder);
    await expect(runner.receive("shop", signed("{"))).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_DELIVERY_INVALID",
    });
    await expect(runner.receive("people", signed("1"))).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_NOT_RECEIVING",
    });
    await expect(runner.receive("shp", signed("1"))).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_UNKNOWN",
    });
  });

  it("is refused while its source is paused, but only one that is signed is told so", async () => {
    const { runner, signed, pause, resume } = await receiving(keepOrder);
    await pause({ source: "shop" });
    await expect(runner.receive("shop", signed("1"))).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_PAUSED",
    });
    const stranger = signed("1", { secret: "another-secret-of-others" });
    await expect(runner.receive("shop", stranger)).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_DELIVERY_REFUSED",
    });
    await resume({ source: "shop" });
    await expect(runner.receive("shop", signed("1"))).resolves.toMatchObject({ changed: 1 });
  });

  it("has 30 s, after which its source can send nothing more", async () => {
    const gate = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    const { runner, signed, clock } = await receiving(async (ctx, delivery) => {
      await gate.promise;
      late.resolve(await keepOrder(ctx, delivery).catch((error: unknown) => error));
    });
    const received = runner.receive("shop", signed("1"));
    clock.advance(30_000);
    clock.advance(1_000);
    await expect(received).rejects.toMatchObject({ code: "ATLAS_PLUGINS_TIMEOUT" });
    gate.resolve();
    expect(await late.promise).toMatchObject({ code: "ATLAS_PLUGINS_CONTEXT_ENDED" });
  });

  it("is ended when the gateway stops, and refused from then on", async () => {
    const { runner, signed } = await receiving(
      (ctx) =>
        new Promise((_, reject) => ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason))),
    );
    const received = runner.receive("shop", signed("1"));
    await Promise.all([
      expect(received).rejects.toMatchObject({ code: "ATLAS_PLUGINS_STOPPING" }),
      runner.stop(1_000),
    ]);
    await expect(runner.receive("shop", signed("1"))).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_STOPPING",
    });
  });

  it("has commands with the ids that its source gives them, where it gives any", async () => {
    const { runner, signed, repo } = await receiving(async (ctx) => {
      const entity = { type: "note", id: "n1" };
      await ctx.commands.enqueue({ type: "entity.upsert", entity }, { command_id: "own-1" });
    });
    await runner.receive("shop", signed("1"));
    expect((await repo.listJournal()).items).toMatchObject([{ command_id: "own-1", actor: "source:shop" }]);
  });

  it("has commands whose ids no other source or delivery can have", async () => {
    const { runner, signed, repo } = await receiving(keepOrder);
    await runner.receive("shop", signed("1", { id: "a:1" }));
    await runner.receive("shop", signed("1", { id: "m".repeat(200) }));
    const ids = (await repo.listJournal()).items.map(({ command_id }) => command_id);
    expect(ids[0]).toBe("shop:a%3A1:1");
    expect(ids[1]).toMatch(/^shop:%[\w-]{43}:1$/);
  });
});

describe("a source that takes deliveries", () => {
  it("needs both of its methods", () => {
    const { registerSource } = createPluginRegistry();
    const source = { id: "shop", sync: async () => undefined };
    expect(() => registerSource({ ...source, receive: async () => undefined })).toThrow("belong together");
    expect(() => registerSource({ ...source, verify: "no" as never })).toThrow("verify must be a method");
  });

  it("takes the old and the new secret while one replaces the other", async () => {
    const source = createWebhookSource({
      id: "shop",
      secret: ["old-secret-old-secret", SECRET],
      receive: keepOrder,
    });
    const { runner, signed } = await receiving(keepOrder, {
      ...(source.verify === undefined ? {} : { verify: source.verify }),
    });
    await runner.receive("shop", signed("1", { secret: "old-secret-old-secret" }));
    await runner.receive("shop", signed("1", { id: "msg_2" }));
    expect(() => createWebhookSource({ id: "shop", secret: [], receive: keepOrder })).toThrow(TypeError);
    expect(() => createWebhookSource({ id: "shop", secret: "short", receive: keepOrder })).toThrow(
      "16 bytes",
    );
  });

  it("takes deliveries as old as it says", async () => {
    const source = createWebhookSource({
      id: "shop",
      secret: SECRET,
      receive: keepOrder,
      toleranceMs: 700_000,
    });
    const { runner, signed } = await receiving(keepOrder, source);
    await runner.receive("shop", signed("1", { ageMs: 600_000 }));
    await expect(runner.receive("shop", signed("1", { ageMs: 800_000 }))).rejects.toMatchObject({
      details: { reason: "too_old_or_new" },
    });
  });

  it("syncs without doing anything", async () => {
    const { runner } = await receiving(keepOrder);
    expect((await runner.sync("shop")).sources).toMatchObject([{ id: "shop", commands: 0 }]);
  });
});
