import { randomInt } from "node:crypto";
import { expect, it } from "vitest";
import { type FailpointName, silentLogger } from "../src/index.ts";
import {
  type Acknowledged,
  acknowledgedBy,
  checkAcknowledged,
  startAcknowledging,
} from "./support/acknowledged.ts";
import { createStore } from "./support/driver.ts";
import { startHost } from "./support/host-process.ts";
import { openStore } from "./support/open-store.ts";
import { readRows, readValue } from "./support/read-file.ts";
import { databasePath } from "./support/temporary-folder.ts";

it("loses nothing that was acknowledged when it is killed at random moments, twelve times over", async () => {
  const database = databasePath();
  const acknowledged = new Map<string, readonly Acknowledged[]>();
  for (let round = 0; round < 12; round += 1) {
    const prefix = `r${round}`;
    const host = startAcknowledging({ database, prefix });
    await host.printed(1 + randomInt(400));
    host.kill();
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    acknowledged.set(prefix, acknowledgedBy(host));
    // The next start, here or as the next host, succeeds at once.
    await (await createStore({ log: silentLogger, database })).stop();
    checkAcknowledged(database, acknowledged);
  }
  expect([...acknowledged.values()].flat().length).toBeGreaterThan(12);
}, 60_000);

const failpoints: readonly FailpointName[] = [
  "flush:drained",
  "writer:begun",
  "writer:command",
  "writer:before-commit",
  "flush:committed",
  "flush:acknowledged",
];

it.each(failpoints.flatMap((at) => [1, 9].map((hit) => ({ at, hit }))))(
  "loses nothing that was acknowledged when it is killed at hit $hit of $at",
  async ({ at, hit }) => {
    const database = databasePath();
    const host = startAcknowledging({ database, prefix: "k", strike: { at, hit } });
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    const acknowledged = acknowledgedBy(host);

    const store = await openStore({ database });
    checkAcknowledged(database, new Map([["k", acknowledged]]));
    expect(await store.commands.enqueue({ type: "event.insert", event: { type: "restarted" } })).toEqual({
      seq: readValue<number>(database, "select count(*) from entities") + 1,
      changed: true,
    });
  },
  20_000,
);

it("gives the first receipt for a command sent again after a kill between commit and acknowledgement", async () => {
  const database = databasePath();
  const strike = { at: "flush:committed", hit: 4 } as const;
  const host = startAcknowledging({ database, prefix: "c", strike, withCommandIds: true });
  await host.ended;
  const acknowledged = acknowledgedBy(host);
  const first = new Map<string, number[]>();
  for (const row of readRows<{ seq: number; command_id: string }>(
    database,
    "select * from journal order by seq",
  )) {
    first.set(row.command_id, [...(first.get(row.command_id) ?? []), row.seq]);
  }
  expect(first.size).toBeGreaterThan(acknowledged.length);

  const store = await openStore({ database });
  for (const [command_id, seqs] of first) {
    const parts = ["a", "b", "c"].slice(0, seqs.length);
    const receipts = await store.commands.enqueueAll(
      parts.map((part) => ({ type: "entity.upsert", entity: { id: `${command_id}-${part}`, type: "note" } })),
      { command_id },
    );
    expect(receipts).toEqual(seqs.map((seq) => ({ seq, changed: true })));
  }
  checkAcknowledged(database, new Map([["c", acknowledged]]));
});

it("starts on what a kill left of the very first opening", async () => {
  // The failpoints come later, so the kills fall anywhere between the first file and the last migration.
  for (let round = 0; round < 4; round += 1) {
    const database = databasePath();
    const host = startHost("opening-host.ts", { database, strikeAtStatement: 1 + round * 3 });
    expect(await host.ended).toEqual({ code: null, signal: "SIGKILL" });
    const store = await createStore({ log: silentLogger, database });
    expect(await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } })).toEqual({
      seq: 1,
      changed: true,
    });
    await store.stop();
  }
}, 20_000);
