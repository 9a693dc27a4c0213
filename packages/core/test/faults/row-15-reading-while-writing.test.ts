import { expect, it } from "vitest";
import { z } from "zod";
import { defineCommand, defineModule, tables } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it("writes while a list is read row by row, and the reader sees what was there when it began", async () => {
  const store = await openStore();
  await store.commands.enqueueAll(Array.from({ length: 500 }, (_, index) => note(`${index}`)));
  const seen: string[] = [];
  for await (const { id } of store.repo.select.selectFrom("entities").select("id").stream()) {
    seen.push(id);
    if (seen.length % 100 !== 0) continue;
    expect(await store.commands.enqueue(note(`during ${seen.length}`))).toMatchObject({ changed: true });
    expect((await store.repo.listEntities({ limit: 5 })).items.length).toBe(5);
  }
  expect(seen.length).toBe(500);
  expect(countRows(store.path, "entities")).toBe(505);
  expect((await store.repo.getEntity("during 100"))?.type).toBe("note");
});

it("refuses a command whose handler is asynchronous, and hears of no rejection from it", async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", listen);
  try {
    const command = defineCommand<Record<never, never>>();
    const late = defineModule({
      name: "late",
      version: 1,
      tables: tables<Record<never, never>>(),
      migrations: {},
      commands: {
        "late.emit": command({
          schema: z.object({ fails: z.boolean() }),
          // What the type of a handler cannot forbid: a function that returns nothing may return a promise.
          apply: async ({ fails }, change) => {
            await Promise.resolve();
            if (fails) throw new RangeError("too late");
            change.emit({ type: "late.emitted" });
          },
        }),
      },
    });
    const store = await openStore({ modules: [late] });
    for (const fails of [false, true]) {
      const error = await rejection(store.commands.enqueue({ type: "late.emit", fails }));
      expect(error).toMatchObject({ code: "ATLAS_CORE_HANDLER_FAILED", details: { type: "late.emit" } });
      expect(error.message).toContain("synchronous");
    }
    expect(await store.commands.enqueue(note("a"))).toEqual({ seq: 1, changed: true });
    await new Promise((resolve) => void setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", listen);
  }
});
