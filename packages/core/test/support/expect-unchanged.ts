import { expect } from "vitest";
import type { Committed } from "../../src/index.ts";
import { dumpTables } from "./read-file.ts";

/** Fails unless what `send` sends changes nothing: no row, no event, no journal entry, no number. */
export async function expectUnchanged(
  store: { readonly path: string },
  send: () => Promise<Committed>,
): Promise<void> {
  const before = dumpTables(store.path);
  expect(await send()).toEqual({ seq: 0, changed: false });
  expect(dumpTables(store.path)).toEqual(before);
}
