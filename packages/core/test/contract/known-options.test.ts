import { expect, it } from "vitest";
import { createStore, openReadOnly, restore } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { databasePath } from "../support/temporary-folder.ts";

it("refuses misspelt options of createStore, openReadOnly, restore and replay", async () => {
  const database = databasePath();
  const misspelt = { database, jornal: false };
  await expect(createStore(misspelt)).rejects.toThrow(
    new TypeError('createStore: "jornal" is not an option. Did you mean "journal"?'),
  );
  await expect(openReadOnly(database, { module: [] } as object)).rejects.toThrow(
    new TypeError('openReadOnly: "module" is not an option. Did you mean "modules"?'),
  );
  const restoring = { from: database, to: database, too: database };
  await expect(restore(restoring)).rejects.toThrow(
    new TypeError('restore: "too" is not an option. Did you mean "to"?'),
  );
  const store = await openStore();
  await expect(store.replay(database, { sec: 1 } as object)).rejects.toThrow(
    new TypeError('replay: "sec" is not an option. Did you mean "seq"?'),
  );
});

it("lets createStore take every option that it has", async () => {
  const store = await openStore({
    modules: [],
    journal: true,
    admit: [],
    maxQueuedCommands: 10,
    maxQueuedBytes: 1_000_000,
    storageDeadlineMs: 1_000,
    failpoint: () => undefined,
    newId: () => "id",
  });
  expect(store.newId()).toBe("id");
});
