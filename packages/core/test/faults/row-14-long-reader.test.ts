import { statSync } from "node:fs";
import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { openStore } from "../support/open-store.ts";

const MIB = 1024 * 1024;

it("lets its log grow while a reader holds a snapshot, and bounds it again when that has ended", async () => {
  const store = await openStore();
  const walBytes = (): number => statSync(`${store.path}-wal`).size;
  let sent = 0;
  // A command is in its table and in the journal: 2 MiB of log for each.
  const write = async (mebibytes: number): Promise<void> => {
    for (const last = sent + mebibytes; sent < last; sent += 1) {
      const artifact = { id: `${sent}`, type: "report", content_md: "x".repeat(MIB) };
      await store.commands.enqueue({ type: "artifact.create", artifact });
    }
  };

  await write(4);
  const usual = walBytes();
  const reader = openRaw(store.path, { readonly: true });
  try {
    reader.exec("begin");
    expect(reader.prepare("select count(*) from artifacts").pluck().get()).toBe(4);
    await write(40);
    // Nothing that the reader may still need can be overwritten.
    expect(walBytes()).toBeGreaterThan(70 * MIB);
    expect(reader.prepare("select count(*) from artifacts").pluck().get()).toBe(4);
    expect(store.health()).toEqual({ status: "ok" });
  } finally {
    reader.close();
  }
  // The next commits bring the log into the file and begin it anew; what is beyond its limit of 16 MiB is given back. They wait for
  // nobody, so it may take some more while the thread is at the same work.
  await write(4);
  for (let more = 0; more < 40 && walBytes() > 16 * MIB; more += 1) await write(1);
  expect(walBytes()).toBeLessThanOrEqual(16 * MIB);
  expect(usual).toBeLessThan(12 * MIB);
  await store.stop();
  expect(statSync(`${store.path}-wal`, { throwIfNoEntry: false })).toBeUndefined();
}, 30_000);
