import type { StoreModule } from "../contract/module.ts";
import { coreModule } from "./core-module.ts";

/** Core and what is installed besides, in this order; a `TypeError` when two have one name. */
export function installedModules(added: readonly StoreModule[]): readonly StoreModule[] {
  const modules: readonly StoreModule[] = [coreModule, ...added];
  const names = new Set<string>();
  for (const { name } of modules) {
    if (names.has(name)) throw new TypeError(`Two modules are named "${name}". Install each module once.`);
    names.add(name);
  }
  return modules;
}
