import { createStore } from "../support/driver.ts";
// Writes the golden journal anew. Run it only when the version of core's module is bumped: `node packages/core/test/golden/record.ts`

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { coreModule, silentLogger } from "../../src/index.ts";
import { anyCommand } from "../support/any-command.ts";
import { writeHistory } from "../support/history.ts";
import { readRows, readValue } from "../support/read-file.ts";
import type { GoldenJournal } from "./golden-journal.ts";

const folder = mkdtempSync(join(tmpdir(), "atlas-golden-"));
let ids = 0;
const clock = createFakeClock("2026-11-21T09:00:00.000Z");
const store = await createStore({
  log: silentLogger,
  database: join(folder, "atlas.db"),
  clock,
  newId: () => `id-${String(++ids).padStart(6, "0")}`,
});
await writeHistory(store);
for (const command of fc.sample(
  anyCommand(() => readValue(store.path, "select id from store")),
  {
    numRuns: 400,
    seed: 20_261_121,
  },
)) {
  clock.setWallClock(clock.now() + 60_000);
  await store.commands.enqueue(command).catch(() => undefined);
}
const verified = await store.verify();
if (verified.status !== "verified") throw new Error(verified.message);
const golden: GoldenJournal = {
  version: coreModule.version,
  store_id: readValue(store.path, "select id from store"),
  digest: verified.digest,
  journal: readRows(store.path, "select * from journal order by seq"),
};
const file = new URL(`core-${coreModule.version}.json`, import.meta.url);
const { journal, ...head } = golden;
// An entry a line, so that a change can be read in a diff.
const lines = journal.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
writeFileSync(file, `${JSON.stringify(head).slice(0, -1)},\n  "journal": [\n${lines}\n  ]\n}\n`);
await store.stop();
rmSync(folder, { recursive: true });
