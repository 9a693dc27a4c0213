import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type FailpointName, silentLogger } from "../../src/index.ts";
import { anyCommand, anyContext } from "../support/any-command.ts";
import { createStore } from "../support/driver.ts";
import { marked } from "../support/marked.ts";
import { readValue } from "../support/read-file.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const points: readonly FailpointName[] = [
  "flush:drained",
  "writer:begun",
  "writer:command",
  "writer:before-commit",
  "flush:committed",
  "flush:acknowledged",
];

let storeId = "";
const markedCommand = fc
  .record({ id: fc.constantFrom("a", "b", "c"), events: fc.integer({ min: 0, max: 3 }) })
  .map(({ id, events }) => ({ type: "marked.put" as const, id, events }));
const command = fc.oneof(
  { arbitrary: anyCommand(() => storeId), weight: 4 },
  { arbitrary: markedCommand, weight: 1 },
);
const envelope = fc.record(
  {
    context: anyContext,
    cause: fc.record({
      kind: fc.constantFrom("command", "job", "event", "request"),
      id: fc.constant("cause"),
      depth: fc.nat(20),
    }),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const unit = fc.record({ commands: fc.array(command, { minLength: 1, maxLength: 3 }), envelope });
const turns = fc.array(fc.array(unit, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 8,
});

it("verifies after any commands, at whatever point the process was killed", async () => {
  const folder = temporaryFolder();
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(
      turns,
      fc.constantFrom(...points),
      fc.integer({ min: 1, max: 60 }),
      async (list, point, hit) => {
        runs += 1;
        const path = databasePath();
        const crashed = join(folder, `${runs}.db`);
        let hits = 0;
        const store = await createStore({
          log: silentLogger,
          database: path,
          modules: [marked],
          failpoint(name) {
            if (name !== point) return;
            hits += 1;
            // What a killed process leaves is what its files hold at that moment. Another process copies them: reading them
            // in this one would drop SQLite's locks.
            if (hits === hit)
              for (const suffix of ["", "-wal"]) spawnSync("cp", [path + suffix, crashed + suffix]);
          },
        });
        storeId = readValue(path, "select id from store");
        for (const units of list) {
          await Promise.all(
            units.map(({ commands, envelope }) =>
              store.commands.enqueueAll(commands, envelope).catch(() => undefined),
            ),
          );
        }
        expect(await store.verify()).toMatchObject({ status: "verified" });
        await store.stop();
        if (!existsSync(crashed)) return;
        const again = await createStore({ log: silentLogger, database: crashed, modules: [marked] });
        expect(await again.verify()).toMatchObject({ status: "verified" });
        await again.commands.enqueue({ type: "entity.upsert", entity: { id: "afterwards", type: "note" } });
        expect(await again.verify()).toMatchObject({ status: "verified" });
        await again.stop();
      },
    ),
    { numRuns: 8 },
  );
}, 120_000);
