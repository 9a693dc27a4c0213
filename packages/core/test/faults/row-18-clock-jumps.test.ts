import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const DAY_MS = 86_400_000;
const jumps = [
  ["back one day", -DAY_MS],
  ["forward one year", 365 * DAY_MS],
] as const;

const emit = (id: string) =>
  ({ type: "domainEvent.emit", event: { type: "told", aggregate_id: id } }) as const;

it.each(jumps)(
  "keeps the order of what was sent when the clock jumps %s, and ids go on ascending",
  async (_, jumpMs) => {
    const clock = createFakeClock();
    const store = await openStore({ clock });
    const ids = [store.newId()];
    for (const id of ["before", "after", "later"]) {
      await store.commands.enqueue(emit(id));
      ids.push(store.newId());
      if (id === "before") clock.setWallClock(clock.now() + jumpMs);
    }
    const { items } = await store.repo.listDomainEvents();
    expect(items.map(({ aggregate_id }) => aggregate_id)).toEqual(["before", "after", "later"]);
    expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    // What is stored is the time that the clock told.
    const [first = "", second = ""] = items.map(({ created_at }) => created_at);
    expect(Date.parse(second) - Date.parse(first)).toBe(jumpMs);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(4);
  },
);

it.each(jumps)(
  "neither lengthens nor shortens the wait for a locked database when the clock jumps %s",
  async (_, jumpMs) => {
    const clock = createFakeClock();
    const store = await openStore({ clock, storageDeadlineMs: 1_000 });
    const other = openRaw(store.path, { timeoutMs: 0 });
    other.exec("begin immediate");
    const sent = store.commands.enqueue(emit("a"));
    let settled = false;
    const outcome = rejection(sent).finally(() => {
      settled = true;
    });
    await store.flush();
    clock.setWallClock(clock.now() + jumpMs);
    for (let waitedMs = 0; waitedMs < 1_000; waitedMs += 100) {
      expect(settled, `after ${waitedMs} ms`).toBe(false);
      clock.advance(100);
      await store.flush();
    }
    clock.advance(100);
    expect(await outcome).toMatchObject({ code: "ATLAS_CORE_STORAGE_BUSY" });
    other.close();
  },
);

it.each(jumps)(
  "gives the first receipt of a command id also when the clock has jumped %s and come back",
  async (_, jumpMs) => {
    const clock = createFakeClock();
    const store = await openStore({ clock });
    const first = await store.commands.enqueue(emit("once"), { command_id: "c1" });
    const realNow = clock.now();
    clock.setWallClock(realNow + jumpMs);
    await store.commands.enqueue(emit("meanwhile"));
    clock.setWallClock(realNow);
    expect(await store.commands.enqueue(emit("once"), { command_id: "c1" })).toEqual(first);
  },
);

const LIBRARIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].map(
  (folder) => `${folder}/faketime/libfaketime.so.1`,
);
const library = LIBRARIES.find((path) => existsSync(path));
if (library === undefined)
  console.log("No libfaketime here: the test of a jump of the whole process's time is skipped.");

it.skipIf(library === undefined).each([
  ["back one day", "-1d"],
  ["forward one year", "+1y"],
])(
  "goes on acknowledging when the time of the whole process jumps %s",
  async (_, jump) => {
    const database = databasePath();
    const offsets = join(temporaryFolder(), "offset");
    writeFileSync(offsets, "+0\n");
    const env = {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: offsets,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    const host = startHost("acknowledging-host.ts", { database, prefix: "t" }, { env });
    await host.printed(100);
    const before = host.lines.length;
    writeFileSync(offsets, `${jump}\n`);
    await host.printed(before + 400);
    host.kill();
    await host.ended;
    const rows = readRows<{ seq: number; enqueued_at: string }>(
      database,
      "select seq, enqueued_at from journal order by seq",
    );
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((__, index) => index + 1));
    const times = rows.map(({ enqueued_at }) => Date.parse(enqueued_at));
    const moved = (times.at(-1) ?? 0) - (times[0] ?? 0);
    expect(Math.abs(moved)).toBeGreaterThan(DAY_MS / 2);
  },
  20_000,
);
