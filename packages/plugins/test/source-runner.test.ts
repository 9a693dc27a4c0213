import type { JsonValue } from "@atlas/core";
import { describe, expect, it } from "vitest";
import { createPluginRegistry, createSourceRunner, type SourcePlugin } from "../src/index.ts";
import { createManualClock } from "./support/manual-clock.ts";
import { openStore } from "./support/open-store.ts";

async function runnerOf(...sources: readonly SourcePlugin[]) {
  const { clock, advance } = createManualClock();
  const opened = await openStore({ clock });
  const registry = createPluginRegistry();
  for (const source of sources) registry.registerSource(source);
  return { ...opened, advance, runner: createSourceRunner({ ...opened, registry }) };
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
    const { runner, repo, advance } = await runnerOf(
      {
        id: "polite",
        async sync(ctx) {
          ctx.signal.addEventListener("abort", () => asked.resolve());
          await asked.promise;
          await ctx.checkpoint("in good order");
        },
      },
      { id: "deaf", sync: () => new Promise(() => undefined) },
    );
    const polite = runner.sync("polite");
    const deaf = expect(runner.sync("deaf")).rejects.toThrow("stopping");
    await repo.plugins.getSourceCursor("polite");
    const stopped = runner.stop(1_000);
    await polite;
    advance(1_000);
    await Promise.all([stopped, deaf]);
    expect(await repo.plugins.getSourceCursor("polite")).toBe("in good order");
  });
});
