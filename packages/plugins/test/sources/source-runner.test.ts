import { isoTime, type JsonValue } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import Sqlite from "better-sqlite3";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { z } from "zod";
import { defineSource, type SourcePlugin } from "../../src/index.ts";
import { createPluginRegistry, createSourceRunner } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

async function runnerOf(...sources: readonly SourcePlugin[]) {
  const clock = createFakeClock();
  const opened = await openStore({ clock });
  const registry = createPluginRegistry();
  for (const source of sources) registry.registerSource(source);
  const runner = createSourceRunner({ ...opened, registry, random: () => 0.5 });
  return { ...opened, advance: clock.advance, runner, until };
}

const badUpdate = { type: "artifact.update", id: "missing", patch: {} } as const;

describe("a source", () => {
  it("is given the cursor that it kept", async () => {
    const seen: (JsonValue | undefined)[] = [];
    const { runner } = await runnerOf({
      id: "counting",
      async sync(ctx) {
        seen.push(ctx.cursor);
        await ctx.checkpoint({ round: seen.length });
      },
    });
    await runner.sync("counting");
    await runner.sync();
    expect(seen).toEqual([undefined, { round: 1 }]);
  });

  it("commits its last commands together with the cursor", async () => {
    const { runner, repo } = await runnerOf({
      id: "notes",
      sync: (ctx) => ctx.checkpoint(1, [{ type: "entity.upsert", entity: { id: "e1", type: "note" } }]),
    });
    await runner.sync("notes");
    const journal = (await repo.listJournal()).items;
    expect(journal.map(({ type, actor }) => [type, actor])).toEqual([
      ["entity.upsert", "source:notes"],
      ["plugins.source.checkpoint", "source:notes"],
    ]);
    expect(await repo.plugins.getSourceCursor("notes")).toBe(1);
  });

  it("keeps its cursor where it was when a command before the checkpoint was refused, even one not awaited", async () => {
    const { runner, repo } = await runnerOf({
      id: "careless",
      async sync(ctx) {
        void ctx.commands.enqueue(badUpdate);
        await ctx.checkpoint("too far");
      },
    });
    await expect(runner.sync("careless")).rejects.toMatchObject({ code: "ATLAS_CORE_NOT_FOUND" });
    expect(await repo.plugins.getSourceCursor("careless")).toBeUndefined();
  });

  it("fails when it returns with a refused command behind it", async () => {
    const { runner } = await runnerOf({
      id: "careless",
      async sync(ctx) {
        void ctx.commands.enqueue(badUpdate);
      },
    });
    await expect(runner.sync("careless")).rejects.toMatchObject({ code: "ATLAS_CORE_NOT_FOUND" });
  });

  it("does not stop another that fails", async () => {
    const { runner, repo } = await runnerOf(
      { id: "broken", sync: () => Promise.reject(new Error("no network")) },
      { id: "sound", sync: (ctx) => ctx.checkpoint("here") },
    );
    await expect(runner.sync()).rejects.toThrow("no network");
    expect(await repo.plugins.getSourceCursor("sound")).toBe("here");
  });

  it("is synced once when it is asked for twice at a time", async () => {
    let syncs = 0;
    const { runner } = await runnerOf({
      id: "slow",
      async sync(ctx) {
        syncs += 1;
        await ctx.checkpoint(syncs);
      },
    });
    await Promise.all([runner.sync("slow"), runner.sync("slow"), runner.sync()]);
    expect(syncs).toBe(1);
  });

  it("cannot write any more when its sync is over", async () => {
    let enqueue: (() => Promise<unknown>) | undefined;
    const { runner, repo } = await runnerOf({
      id: "leaky",
      async sync(ctx) {
        enqueue = () => ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "late", type: "note" } });
      },
    });
    await runner.sync("leaky");
    const late = enqueue?.();
    await expect(late).rejects.toMatchObject({ code: "ATLAS_PLUGINS_CONTEXT_ENDED" });
    expect(await repo.getEntity("late")).toBeUndefined();
  });

  it("is asked to end when the runner stops, and left behind when it does not", async () => {
    const asked = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { runner, repo, advance } = await runnerOf(
      {
        id: "polite",
        async sync(ctx) {
          ctx.signal.addEventListener("abort", () => asked.resolve());
          begun.resolve();
          await asked.promise;
          await ctx.checkpoint("in good order");
        },
      },
      { id: "deaf", sync: () => new Promise(() => undefined) },
    );
    const polite = runner.sync("polite");
    const deaf = expect(runner.sync("deaf")).rejects.toThrow("stopping");
    await begun.promise;
    const stopped = runner.stop(1_000);
    await polite;
    advance(1_000);
    await Promise.all([stopped, deaf]);
    expect(await repo.plugins.getSourceCursor("polite")).toBe("in good order");
  });

  it("is left behind when its time is up, and cannot write any more", async () => {
    let late: (() => Promise<unknown>) | undefined;
    let aborted: unknown;
    const begun = Promise.withResolvers<void>();
    const { runner, advance } = await runnerOf({
      id: "slow",
      timeoutMs: 60_000,
      sync(ctx) {
        ctx.signal.addEventListener("abort", () => {
          aborted = ctx.signal.reason;
        });
        late = () => ctx.checkpoint("late");
        begun.resolve();
        return new Promise(() => undefined);
      },
    });
    const synced = expect(runner.sync("slow")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_TIMEOUT" });
    await begun.promise;
    advance(60_000);
    expect(aborted).toMatchObject({ code: "ATLAS_PLUGINS_TIMEOUT" });
    advance(5_000);
    await synced;
    await expect(late?.()).rejects.toMatchObject({ code: "ATLAS_PLUGINS_CONTEXT_ENDED" });
  });

  it("reads everything again in a full sync", async () => {
    const seen: unknown[] = [];
    const { runner } = await runnerOf({
      id: "notes",
      async sync(ctx) {
        seen.push([ctx.full, ctx.cursor]);
        await ctx.checkpoint(seen.length);
      },
    });
    await runner.sync("notes");
    await runner.sync("notes", { full: true });
    await runner.sync("notes");
    expect(seen).toEqual([
      [false, undefined],
      [true, undefined],
      [false, 2],
    ]);
  });

  it("is read again in full after the sync under way, when that is not a full one", async () => {
    const seen: boolean[] = [];
    const { runner } = await runnerOf({
      id: "notes",
      async sync(ctx) {
        seen.push(ctx.full);
        await ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "tick" } });
      },
    });
    await Promise.all([runner.sync("notes"), runner.sync("notes", { full: true }), runner.sync("notes")]);
    expect(seen).toEqual([false, true]);
  });

  it("says what its check found", async () => {
    const { runner } = await runnerOf(
      { id: "sound", sync: async () => undefined, check: async () => undefined },
      {
        id: "locked",
        sync: async () => undefined,
        check: async () => {
          throw new Error("The key was refused; set NOTES_KEY.");
        },
      },
      { id: "silent", sync: async () => undefined },
    );
    expect(await runner.check()).toEqual([
      { id: "sound", status: "ok" },
      { id: "locked", status: "failed", error: "The key was refused; set NOTES_KEY." },
      { id: "silent", status: "unchecked" },
    ]);
  });
});

describe("a sync", () => {
  it("resolves with what each source did", async () => {
    const upsert = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;
    const { runner } = await runnerOf(
      {
        id: "notes",
        async sync(ctx) {
          void ctx.commands.enqueue(upsert("e1"));
          await ctx.commands.enqueueAll([upsert("e2"), upsert("e3")]);
          await ctx.checkpoint(1, [upsert("e4")]);
          await ctx.checkpoint(1);
        },
      },
      { id: "idle", sync: async () => undefined },
    );
    expect(await runner.sync()).toEqual({
      sources: [
        { id: "notes", commands: 4, changed: 4, unchanged: 0, refused: 0, checkpoints: 2 },
        { id: "idle", commands: 0, changed: 0, unchanged: 0, refused: 0, checkpoints: 0 },
      ],
    });
    expect(await runner.sync("notes")).toEqual({
      sources: [{ id: "notes", commands: 4, changed: 0, unchanged: 4, refused: 0, checkpoints: 2 }],
    });
  });

  it("resolves with the same counts for a call that joins it", async () => {
    const { runner } = await runnerOf({
      id: "notes",
      sync: (ctx) => ctx.checkpoint(1, [{ type: "entity.upsert", entity: { id: "e1", type: "note" } }]),
    });
    const [first, second] = await Promise.all([runner.sync("notes"), runner.sync("notes")]);
    expect(first).toEqual({
      sources: [{ id: "notes", commands: 1, changed: 1, unchanged: 0, refused: 0, checkpoints: 1 }],
    });
    expect(second).toEqual(first);
  });

  it("may send any number of commands, as long as it awaits a checkpoint in between", async () => {
    const { runner } = await runnerOf({
      id: "import",
      async sync(ctx) {
        for (let page = 0; page < 3; page += 1) {
          for (let row = 0; row < 5_000; row += 1)
            void ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "row" } });
          await ctx.checkpoint(page);
        }
      },
    });
    expect(await runner.sync("import")).toMatchObject({ sources: [{ commands: 15_000, checkpoints: 3 }] });
  });

  it("fails with what to do when it sends too many commands without awaiting one", async () => {
    const { runner, repo } = await runnerOf({
      id: "import",
      async sync(ctx) {
        for (let row = 0; row < 5_001; row += 1)
          void ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "row" } });
        await ctx.checkpoint("all");
      },
    });
    await expect(runner.sync("import")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_TOO_MANY_COMMANDS",
      details: { plugin: "source:import", limit: 5_000 },
      message: expect.stringContaining("await ctx.checkpoint(cursor) after each page"),
    });
    expect(await repo.plugins.getSourceCursor("import")).toBeUndefined();
  });

  it("refuses an option that it does not have", async () => {
    const { runner } = await runnerOf({ id: "notes", sync: async () => undefined });
    await expect(runner.sync("notes", { ful: true } as never)).rejects.toThrow(
      'sync: "ful" is not an option. Did you mean "full"?',
    );
  });
});

describe("a scheduled source", () => {
  it("is synced at once and then every so often, also after a restart", async () => {
    let syncs = 0;
    const source: SourcePlugin = {
      id: "feed",
      schedule: { everyMs: 60_000 },
      async sync() {
        syncs += 1;
      },
    };
    const { runner, advance, until, ...opened } = await runnerOf(source);
    await runner.start();
    await until(() => syncs === 1 && runner.health()[0]?.nextAt === "2026-01-01T00:01:00.000Z");
    for (let minute = 2; minute <= 4; minute += 1) {
      advance(60_000);
      await until(
        () => syncs === minute && runner.health()[0]?.nextAt === isoTime(opened.host.clock.now() + 60_000),
      );
    }
    await runner.stop(0);
    const registry = createPluginRegistry();
    registry.registerSource(source);
    const second = createSourceRunner({ ...opened, registry });
    await second.start();
    expect(second.health()[0]?.nextAt).toBe("2026-01-01T00:04:00.000Z");
    expect(syncs).toBe(4);
    await second.stop(0);
  });

  it("comes again after a growing pause while it fails, which others do not feel", async () => {
    let failures = 0;
    let sound = 0;
    const { runner, advance, until, host } = await runnerOf(
      {
        id: "down",
        schedule: { everyMs: 3_600_000 },
        async sync() {
          failures += 1;
          throw new Error("no network");
        },
      },
      {
        id: "sound",
        schedule: { everyMs: 3_600_000 },
        async sync() {
          sound += 1;
        },
      },
    );
    await runner.start();
    for (const pauseMs of [500, 1_000, 2_000, 4_000]) {
      const [down] = await until(() => {
        const health = runner.health();
        return health[0]?.nextAt === isoTime(host.clock.now() + pauseMs) ? health : undefined;
      });
      expect(down).toMatchObject({ status: "failing", failures, error: "no network" });
      advance(pauseMs);
    }
    await until(() => failures === 5);
    expect(sound).toBe(1);
    expect(runner.health()[1]).toMatchObject({ status: "ok", nextAt: "2026-01-01T01:00:00.000Z" });
    await runner.stop(0);
  });

  it("waits as long as its error asks for, and for its regular time where trying again is no use", async () => {
    const errors = [{ retryAfterMs: 120_000 }, { retryable: false }];
    const { runner, advance, until } = await runnerOf({
      id: "limited",
      schedule: { everyMs: 600_000 },
      async sync() {
        throw Object.assign(new Error("not now"), errors.shift());
      },
    });
    await runner.start();
    await until(() => runner.health()[0]?.nextAt === "2026-01-01T00:02:00.000Z");
    advance(120_000);
    await until(() => runner.health()[0]?.nextAt === "2026-01-01T00:12:00.000Z");
    expect(errors).toEqual([]);
    await runner.stop(0);
  });
});

describe("checkpoints", () => {
  const job = { type: "job.create", job: { id: "j1", workflow_id: "w" } } as const;

  it("fail the sync when one was refused that nobody awaited", async () => {
    const { runner, repo } = await runnerOf({
      id: "careless",
      async sync(ctx) {
        void ctx.checkpoint("too far", [badUpdate]);
      },
    });
    await expect(runner.sync("careless")).rejects.toMatchObject({ code: "ATLAS_CORE_NOT_FOUND" });
    expect(await repo.plugins.getSourceCursor("careless")).toBeUndefined();
  });

  it("are stored although nobody awaited them", async () => {
    const { runner, repo } = await runnerOf({
      id: "hasty",
      async sync(ctx) {
        void ctx.checkpoint(1, [job]);
        void ctx.checkpoint(2);
      },
    });
    expect(await runner.sync("hasty")).toMatchObject({ sources: [{ checkpoints: 2, changed: 1 }] });
    expect(await repo.plugins.getSourceCursor("hasty")).toBe(2);
    expect(await repo.getJob("j1")).toBeDefined();
  });

  it("do not run ahead of one that was refused, whatever the source does with it", async () => {
    const { runner, repo } = await runnerOf({
      id: "careless",
      async sync(ctx) {
        await ctx.checkpoint(1);
        const refused = ctx.checkpoint(2, [badUpdate]);
        const next = ctx.checkpoint(3);
        await Promise.allSettled([refused, next]);
        await ctx.checkpoint(4).catch(() => undefined);
      },
    });
    await expect(runner.sync("careless")).rejects.toMatchObject({ code: "ATLAS_CORE_NOT_FOUND" });
    expect(await repo.plugins.getSourceCursor("careless")).toBe(1);
  });
});

describe("a source whose sync timed out", () => {
  it("is not called again while the old call still runs, and health says so", async () => {
    const hang = Promise.withResolvers<void>();
    let calls = 0;
    const { runner, advance } = await runnerOf({
      id: "deaf",
      timeoutMs: 1_000,
      async sync() {
        calls += 1;
        if (calls === 1) await hang.promise;
      },
    });
    const first = runner.sync("deaf");
    await until(() => calls === 1);
    advance(1_000);
    advance(5_000);
    await expect(first).rejects.toMatchObject({ code: "ATLAS_PLUGINS_TIMEOUT" });
    expect(runner.health()).toMatchObject([{ id: "deaf", status: "hanging", syncing: false, failures: 1 }]);
    await expect(runner.sync("deaf")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_BUSY",
      retryable: true,
      details: { id: "deaf", since: "2026-01-01T00:00:00.000Z" },
    });
    await expect(runner.sync("deaf", { full: true })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_BUSY",
    });
    expect(calls).toBe(1);
    hang.resolve();
    await until(() => runner.health()[0]?.status !== "hanging");
    await runner.sync("deaf");
    expect(calls).toBe(2);
    expect(runner.health()).toMatchObject([{ status: "ok", failures: 0 }]);
  });
});

describe("a source that tolerates refused records", () => {
  const note = (external_id: string, more: object = {}) =>
    ({
      type: "entity.upsert",
      entity: { type: "note", source: "notes", external_id, ...more },
    }) as const;
  // What an API really answers with: values that are not JSON.
  const bad = (external_id: string) => note(external_id, { data: { size: 10n, missing: undefined } });

  it("skips them, keeps them as rows, and counts them", async () => {
    const answers: unknown[] = [];
    const { runner, repo } = await runnerOf({
      id: "notes",
      maxRefused: 2,
      async sync(ctx) {
        await ctx.commands.enqueue(note("1"));
        answers.push(await ctx.commands.enqueue(bad("2")));
        void ctx.commands.enqueueAll([note("3"), bad("4")]);
        await ctx.checkpoint("end");
      },
    });
    expect(await runner.sync("notes")).toEqual({
      sources: [{ id: "notes", commands: 1, changed: 1, unchanged: 0, refused: 2, checkpoints: 1 }],
    });
    expect(answers).toEqual([{ seq: 0, changed: false }]);
    expect(await repo.plugins.getSourceCursor("notes")).toBe("end");
    expect(runner.health()).toMatchObject([{ id: "notes", status: "ok", refused: 2 }]);
    const kept = await repo.plugins.listRefusedRecords({ source_id: "notes" });
    expect(kept).toHaveLength(2);
    expect(kept.find(({ external_id }) => external_id === "2")).toEqual({
      source_id: "notes",
      external_id: "2",
      record:
        '{"type":"entity.upsert","entity":{"type":"note","source":"notes","external_id":"2","data":{"size":"10n"}}}',
      code: "ATLAS_CORE_COMMAND_INVALID",
      message: expect.stringContaining("data.size"),
      first_at: "2026-01-01T00:00:00.000Z",
      last_at: "2026-01-01T00:00:00.000Z",
      times: 1,
    });
    expect(await repo.listEntities()).toMatchObject({ items: [{ external_id: "1" }] });
  });

  it("fails with one too many, and its cursor stays", async () => {
    const { runner, repo } = await runnerOf({
      id: "notes",
      maxRefused: 1,
      async sync(ctx) {
        void ctx.commands.enqueue(bad("1"));
        void ctx.commands.enqueue(bad("2"));
        await ctx.checkpoint("end");
      },
    });
    await expect(runner.sync("notes")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_TOO_MANY_REFUSED",
      details: { source: "notes", limit: 1, code: "ATLAS_CORE_COMMAND_INVALID" },
    });
    expect(await repo.plugins.getSourceCursor("notes")).toBeUndefined();
    expect(await repo.plugins.listRefusedRecords({ source_id: "notes" })).toHaveLength(1);
  });

  it("does not tolerate a refused command of a checkpoint", async () => {
    const { runner, repo } = await runnerOf({
      id: "notes",
      maxRefused: 9,
      sync: (ctx) => ctx.checkpoint("end", [bad("1")]),
    });
    await expect(runner.sync("notes")).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
    expect(await repo.plugins.getSourceCursor("notes")).toBeUndefined();
  });

  it("has one row for a record that is refused again, and none for one that a full sync finds sound", async () => {
    let broken = ["1", "2"];
    const { runner, repo, advance } = await runnerOf({
      id: "notes",
      maxRefused: 2,
      async sync(ctx) {
        for (const id of ["1", "2"]) await ctx.commands.enqueue(broken.includes(id) ? bad(id) : note(id));
      },
    });
    const rows = async () =>
      (await repo.plugins.listRefusedRecords({ source_id: "notes" })).map(({ external_id, times }) => [
        external_id,
        times,
      ]);
    await runner.sync("notes");
    advance(1_000);
    broken = ["2"];
    await runner.sync("notes");
    expect(await rows()).toEqual([
      ["2", 2],
      ["1", 1],
    ]);
    advance(1_000);
    await runner.sync("notes", { full: true });
    expect(await rows()).toEqual([["2", 3]]);
  });

  it("keeps the newest thousand", async () => {
    const { runner, store, advance } = await runnerOf({
      id: "notes",
      maxRefused: 1_001,
      async sync(ctx) {
        await ctx.commands.enqueue(bad("first"));
        advance(1_000);
        for (let record = 1; record <= 1_000; record += 1) await ctx.commands.enqueue(bad(String(record)));
      },
    });
    await runner.sync("notes");
    const database = new Sqlite(store.path, { readonly: true });
    onTestFinished(() => void database.close());
    const kept = database.prepare("select external_id from plugins_refused_records").pluck().all();
    expect(kept).toHaveLength(1_000);
    expect(kept).not.toContain("first");
  });

  it("keeps a record that cannot be shown, and says so", async () => {
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const { runner, repo } = await runnerOf({
      id: "notes",
      maxRefused: 1,
      async sync(ctx) {
        await ctx.commands.enqueue(note("1", { data: circle }));
      },
    });
    await runner.sync("notes");
    const [kept] = await repo.plugins.listRefusedRecords({ source_id: "notes" });
    expect(kept?.record).toContain("cannot be shown");
  });
});

describe("a cursor with a schema", () => {
  const schema = z.object({ page: z.number() });

  it("types ctx.cursor and ctx.checkpoint, also for an interface", () => {
    interface Place {
      readonly page: number;
    }
    const source = defineSource({
      id: "typed",
      cursor: z.custom<Place>(),
      async sync(ctx) {
        expectTypeOf(ctx.cursor).toEqualTypeOf<Place | undefined>();
        const place: Place = { page: (ctx.cursor?.page ?? 0) + 1 };
        await ctx.checkpoint(place);
        // @ts-expect-error: a cursor of another form
        const wrong = () => ctx.checkpoint({ side: 1 });
        expect(wrong).toBeDefined();
      },
    });
    const untyped = defineSource({
      id: "untyped",
      async sync(ctx) {
        expectTypeOf(ctx.cursor).toEqualTypeOf<JsonValue | undefined>();
      },
    });
    expect([source.id, untyped.id]).toEqual(["typed", "untyped"]);
  });

  it("gives what the schema makes of what is stored", async () => {
    const seen: unknown[] = [];
    const { runner } = await runnerOf(
      defineSource({
        id: "dated",
        cursor: z.object({
          page: z.number().default(1),
          since: z.string().transform((text) => new Date(text)),
        }),
        async sync(ctx) {
          seen.push(ctx.cursor);
          await ctx.checkpoint({ since: "2026-01-01T00:00:00.000Z" });
        },
      }),
    );
    await runner.sync("dated");
    await runner.sync("dated");
    expect(seen).toEqual([undefined, { page: 1, since: new Date("2026-01-01T00:00:00.000Z") }]);
  });

  it("says what to do when what an earlier version stored does not match", async () => {
    let stored: JsonValue = "page 2";
    const seen: unknown[] = [];
    const { runner, commands, repo } = await runnerOf(
      defineSource({
        id: "moved",
        cursor: schema,
        check: async () => undefined,
        async sync(ctx) {
          seen.push(ctx.cursor);
          await ctx.checkpoint({ page: 1 });
        },
      }),
    );
    await commands.enqueue({ type: "plugins.source.checkpoint", source_id: "moved", cursor: stored });
    const failed = runner.sync("moved");
    await expect(failed).rejects.toMatchObject({ code: "ATLAS_PLUGINS_CURSOR_INVALID", retryable: false });
    await expect(failed).rejects.toThrow('gateway.sync("moved", { full: true })');
    expect(await runner.check()).toMatchObject([{ id: "moved", status: "failed" }]);
    expect(seen).toEqual([]);
    stored = { page: 1 };
    await runner.sync("moved", { full: true });
    await runner.sync("moved");
    expect(seen).toEqual([undefined, stored]);
    expect(await repo.plugins.getSourceCursor("moved")).toEqual(stored);
  });

  it("refuses a checkpoint that it could not read again", async () => {
    const { runner, repo } = await runnerOf({
      id: "wrong",
      cursor: schema,
      sync: (ctx) => ctx.checkpoint({ page: "one" }),
    });
    await expect(runner.sync("wrong")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_CURSOR_INVALID",
      details: { id: "wrong", path: "page" },
    });
    expect(await repo.plugins.getSourceCursor("wrong")).toBeUndefined();
  });
});
