import { existsSync } from "node:fs";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { EpochRow } from "../../src/index.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";

const JULY = Date.parse("2026-07-01T00:00:00.000Z");
const CUT = "2026-06-01T00:00:00.000Z";

async function aged() {
  const clock = createFakeClock("2026-01-01T00:00:00.000Z");
  const store = await openStore({ clock });
  await writeHistory(store);
  const old = readValue<number>(store.path, "select max(seq) from journal");
  clock.setWallClock(JULY);
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "young", type: "note" } });
  return { clock, store, old };
}

it("removes a long list in parts and tells the sizes before and after", async () => {
  const { store } = await aged();
  const emits = Array.from({ length: 1_200 }, (_, index) => ({
    type: "domainEvent.emit" as const,
    event: { type: "tick", payload: { index }, created_at: "2026-01-01T00:00:00.000Z" },
  }));
  await Promise.all(emits.map((emit) => store.commands.enqueue(emit)));
  const id = `evt_${readValue<string>(store.path, "select id from store")}_1`;
  await store.commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq: 1_000_000 });
  const { before, after } = await store.prune({ domain_events_before: CUT });
  expect(before.rows.domain_events).toBeGreaterThan(1_200);
  expect(after.rows.domain_events).toBe(1);
  expect(after.rows.entities).toBe(before.rows.entities);
  expect(after.free_bytes).toBeGreaterThan(before.free_bytes);
  expect(after.file_bytes).toBeGreaterThan(0);
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: 1 });
});

it("removes at most 50 jobs with one command, because modules may store much for each", async () => {
  const { store } = await aged();
  const at = "2026-01-01T00:00:00.000Z";
  const jobs = Array.from({ length: 120 }, (_, index) => `job-${String(index).padStart(3, "0")}`);
  await Promise.all(
    jobs.flatMap((id) => [
      store.commands.enqueue({ type: "job.create", job: { id, workflow_id: "w", created_at: at } }),
      store.commands.enqueue({ type: "job.updateStatus", id, status: "running", at }),
      store.commands.enqueue({ type: "job.updateStatus", id, status: "succeeded", at }),
    ]),
  );
  const id = `evt_${readValue<string>(store.path, "select id from store")}_1`;
  await store.commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq: 1_000_000 });
  let left = readValue<number>(store.path, "select count(*) from jobs where finished_at is not null");
  const removed: number[] = [];
  const unsubscribe = store.onCommitted(() => {
    const now = readValue<number>(store.path, "select count(*) from jobs where finished_at is not null");
    removed.push(left - now);
    left = now;
  });
  await store.prune({ jobs_before: CUT });
  unsubscribe();
  expect(readValue<number>(store.path, "select count(*) from jobs where id like 'job-%'")).toBe(0);
  expect(removed.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(120);
  expect(Math.max(...removed)).toBe(50);
});

it("cuts the journal where a new epoch begins, from which everything can be replayed", async () => {
  const { store, old } = await aged();
  const { before, after } = await store.prune({ journal_before: CUT });
  expect(before.rows.journal).toBe(old + 1);
  const seqs = readRows<{ seq: number }>(store.path, "select seq from journal order by seq").map(
    ({ seq }) => seq,
  );
  // What is young stays to be read, though it lies before the cut; then the start of the epoch, and the prune.
  expect(seqs).toEqual([old + 1, old + 2, old + 3]);
  expect(after.rows.journal).toBe(3);
  const epochs = readRows<EpochRow>(store.path, "select * from epochs order by first_seq");
  expect(epochs.at(-1)).toMatchObject({ first_seq: old + 2, reason: "pruned" });
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: old + 2 });
  const past = await store.asOf(old + 1);
  expect((await past.repo.getEntity("young"))?.id).toBe("young");
  await past.close();
});

it("removes an epoch with the last of its entries, and the copy it began with", async () => {
  const { clock, store } = await aged();
  await store.prune({ journal_before: CUT });
  const first = readValue<string>(store.path, "select baseline from epochs order by first_seq desc");
  clock.setWallClock(JULY + 1_000);
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "younger", type: "note" } });
  await store.prune({ journal_before: "2027-01-01T00:00:00.000Z" });
  const [epoch, ...others] = readRows<EpochRow>(store.path, "select * from epochs");
  expect(others).toEqual([]);
  const folder = store.path.slice(0, store.path.lastIndexOf("/"));
  expect(existsSync(`${folder}/${first}`)).toBe(false);
  expect(existsSync(`${folder}/${epoch?.baseline}`)).toBe(true);
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: epoch?.first_seq });
});

it("begins no epoch where no entry of the present one is old enough, and refuses times that are none", async () => {
  const { store } = await aged();
  const { before, after } = await store.prune({ journal_before: "2020-01-01T00:00:00.000Z" });
  expect(after.rows).toEqual(before.rows);
  expect(readRows(store.path, "select * from epochs")).toHaveLength(1);
  await expect(store.prune({ journal_before: "yesterday" })).rejects.toThrow(
    new TypeError(
      'prune: "journal_before" must be an ISO-8601 time with a zone, such as "2026-11-21T09:30:00.000Z".',
    ),
  );
  const misspelt = { job_before: "2026-01-01T00:00:00Z" } as object;
  await expect(store.prune(misspelt)).rejects.toThrow(/"job_before" cannot be pruned.*"jobs_before"/);
});
