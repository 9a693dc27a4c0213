import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { collectInput, createBatches } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";

it("names a job as one that is being created just while it is sent, whether that succeeds or fails", async () => {
  const clock = createFakeClock();
  const { repo, store } = await openStore({ clock });
  const opening = new Set<string>();
  const batches = createBatches({ repo, clock, newId: store.newId, opening });
  const collected = await collectInput({ id: "w" }, { maxSize: 2, maxWaitMs: 1 }, { a: 1 });
  const seen: string[][] = [];
  const ids = await batches.put([collected, collected, collected], async () => seen.push([...opening]));
  expect(seen).toEqual([[...new Set(ids)]]);
  expect(new Set(ids).size).toBe(2);
  expect([...opening]).toEqual([]);
  const failed = batches.put([collected], () => Promise.reject(new Error("down")));
  await expect(failed).rejects.toThrow("down");
  expect([...opening]).toEqual([]);
});
