import { expect, it } from "vitest";
import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

it("gives a file that verifies and goes on, also where the journal was pruned", async () => {
  const store = await openStore();
  await writeHistory(store);
  await store.prune({ journal_before: "9999-01-01T00:00:00Z" });
  await store.commands.enqueue(note("after"));
  const to = databasePath();
  const { seq } = await store.replay(to);
  // The copies that other epochs begin with lie beside the other database.
  expect(countRows(to, "epochs")).toBe(0);
  const replayed = await openStore({ database: to });
  expect(await replayed.verify()).toMatchObject({ status: "verified" });
  expect((await replayed.commands.enqueue(note("next"))).seq).toBe(seq + 1);
  expect(await replayed.verify()).toMatchObject({ status: "verified", last_seq: seq + 1 });
  expect(await replayed.repo.getEntity("after")).toBeDefined();
});

it("gives a file with the epoch in which the journal began, and the depth of every event", async () => {
  const store = await openStore();
  await writeHistory(store);
  await store.commands.enqueue(note("deep"), { cause: { kind: "job", id: "job", depth: 3 } });
  const to = databasePath();
  await store.replay(to);
  expect(readRows(to, "select first_seq, reason, baseline from epochs")).toEqual([
    { first_seq: 1, reason: "created", baseline: null },
  ]);
  const depths = "select seq, depth from domain_events order by seq";
  expect(readRows(to, depths)).toEqual(readRows(store.path, depths));
  expect(readRows<{ depth: number }>(to, depths).map(({ depth }) => depth)).toContain(3);
  const replayed = await openStore({ database: to });
  expect(await replayed.verify()).toMatchObject({ status: "verified", first_seq: 1 });
});

it("gives a file that remembers the ids of commands, up to the command where it ends", async () => {
  const store = await openStore();
  const first = await store.commands.enqueue(note("a"), { command_id: "first" });
  await store.commands.enqueue(note("a"), { command_id: "nothing changed" });
  const last = await store.commands.enqueue(note("b"), { command_id: "last" });
  const [whole, part] = [databasePath(), databasePath()];
  await store.replay(whole);
  await store.replay(part, { seq: first.seq });
  const ids = (path: string) =>
    readRows<{ command_id: string }>(path, "select command_id from command_ids order by command_id").map(
      ({ command_id }) => command_id,
    );
  expect(ids(whole)).toEqual(["first", "last", "nothing changed"]);
  expect(ids(part)).toEqual(["first"]);
  const replayed = await openStore({ database: whole });
  expect(await replayed.commands.enqueue(note("b"), { command_id: "last" })).toEqual(last);
  expect((await rejection(replayed.commands.enqueue(note("c"), { command_id: "last" }))).code).toBe(
    "ATLAS_CORE_COMMAND_ID_REUSED",
  );
});

it("starts from the copy of its epoch, with other modules than before", async () => {
  const database = databasePath();
  const before = await openStore({ database });
  await writeHistory(before);
  await before.stop();
  const store = await openStore({ database, modules: [finops] });
  await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 1 } });
  const to = databasePath();
  await store.replay(to);
  expect(countRows(to, "epochs")).toBe(0);
  const replayed = await openStore({ database: to, modules: [finops] });
  expect(await replayed.verify()).toMatchObject({ status: "verified" });
});
