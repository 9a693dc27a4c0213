import { expect, it } from "vitest";
import { openReadOnly } from "../support/driver.ts";

import { finops } from "../support/finops.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

it("reads beside a running store and sees what it commits", async () => {
  const store = await openStore({ modules: [finops] });
  const reader = await openReadOnly(store.path, { modules: [finops] });
  try {
    expect(await reader.repo.getEntity("e1")).toBeUndefined();
    await store.commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "note" } });
    await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j1", microusd: 7 } });
    expect(await reader.repo.getEntity("e1")).toEqual(await store.repo.getEntity("e1"));
    expect(await reader.repo.finops.spendByJob("j1")).toBe(7);
  } finally {
    reader.close();
  }
});

it.each(["a store's repo", "a reader"])("cannot write through %s, whatever is tried", async (which) => {
  const store = await openStore();
  const reader = await openReadOnly(store.path);
  try {
    const { select } = which === "a reader" ? reader.repo : store.repo;
    // What the types hide is refused by the connection too.
    const writing = select as unknown as { deleteFrom(table: string): { execute(): Promise<unknown> } };
    await expect(writing.deleteFrom("store").execute()).rejects.toThrow(/readonly/);
  } finally {
    reader.close();
  }
});

it("refuses a database that is not there, and makes none", async () => {
  const path = databasePath();
  const error = await rejection(openReadOnly(path));
  expect(error).toMatchObject({ code: "ATLAS_CORE_DATABASE_PATH", details: { path } });
  expect(error.message).toContain("does not exist or is empty");
  expect((await rejection(openReadOnly(path))).code).toBe("ATLAS_CORE_DATABASE_PATH");
});

it("keeps nothing open when it refuses its modules", async () => {
  const store = await openStore();
  await expect(openReadOnly(store.path, { modules: [finops, finops] })).rejects.toThrow(TypeError);
});
