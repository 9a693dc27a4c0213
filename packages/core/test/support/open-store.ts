import { onTestFinished } from "vitest";
import { type Store, type StoreModule, type StoreOptions, silentLogger } from "../../src/index.ts";
import { createStore } from "./driver.ts";
import { databasePath } from "./temporary-folder.ts";

/** A store on a new file, unless `database` names one; it is stopped after the test. */
export async function openStore<const Modules extends readonly StoreModule[] = readonly []>(
  options: Partial<StoreOptions<Modules>> = {},
): Promise<Store<Modules[number]>> {
  const store = await createStore<Modules>({ database: databasePath(), log: silentLogger, ...options });
  onTestFinished(() => store.stop());
  return store;
}
