import { coreModule } from "./model/core-module.ts";
import type { StoreModule } from "./module.ts";

// The store's own migrations, and the repo's way to ask anything.
const RESERVED: ReadonlySet<string> = new Set(["store", "select"]);

/** Core and what is installed besides, in this order; a `TypeError` when two have one name. */
export function installedModules(added: readonly StoreModule[]): readonly StoreModule[] {
  const modules: readonly StoreModule[] = [coreModule, ...added];
  const names = new Set<string>();
  for (const { name } of modules) {
    if (RESERVED.has(name))
      throw new TypeError(`A module cannot be named "${name}"; Atlas uses that name itself.`);
    if (names.has(name)) throw new TypeError(`Two modules are named "${name}"; each may be installed once.`);
    names.add(name);
  }
  return modules;
}
