import type { Command } from "@atlas/core";
import { expect, it } from "vitest";
import { openStore } from "../support/open-store.ts";

const NOW = "2026-06-01T00:00:00.000Z";
const LATER = "2026-06-01T00:00:00.001Z";

it("counts long queues page by page, with turns of the event loop in between", async () => {
  const { store } = await openStore();
  let id = 0;
  const queue = async (
    count: number,
    of: { readonly workflow_id: string; readonly priority: number; readonly run_at: string },
  ): Promise<void> => {
    const jobs = Array.from({ length: count }, (): Command => {
      id += 1;
      return { type: "job.create", job: { id: `job-${String(id).padStart(6, "0")}`, input: {}, ...of } };
    });
    for (let sent = 0; sent < count; sent += 1_000)
      await store.commands.enqueueAll(jobs.slice(sent, sent + 1_000));
  };
  await queue(2, { workflow_id: "a.v1", priority: 3, run_at: "2026-01-02T00:00:00.000Z" });
  // Pages that end among jobs of one time, where the due jobs end, and after them.
  await queue(5_500, { workflow_id: "a.v1", priority: 0, run_at: "2026-01-01T00:00:00.000Z" });
  await queue(700, { workflow_id: "a.v1", priority: 0, run_at: NOW });
  await queue(9_300, { workflow_id: "a.v1", priority: 0, run_at: LATER });
  // A page that ends with the queue.
  await queue(4_000, { workflow_id: "b.v1", priority: 0, run_at: NOW });
  await queue(3, { workflow_id: "c.v1", priority: -1, run_at: LATER });

  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const depths = await store.repo.plugins.listQueueDepths(NOW);
  isDone = true;

  expect(depths).toEqual([
    { workflow_id: "a.v1", ready: 6_202, delayed: 9_300, oldest_ready_at: "2026-01-01T00:00:00.000Z" },
    { workflow_id: "b.v1", ready: 4_000, delayed: 0, oldest_ready_at: NOW },
    { workflow_id: "c.v1", ready: 0, delayed: 3 },
  ]);
  // One for each page: of 2, of 15,500, of 4,000 and of 3 jobs.
  expect(turns).toBeGreaterThanOrEqual(1 + 8 + 3 + 1);
});
