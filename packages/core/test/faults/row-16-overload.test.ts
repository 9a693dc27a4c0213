import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { executors } from "../support/later-executor.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const MIB = 1024 * 1024;

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

it.each(executors)(
  "takes what its bounds allow of a flood while it cannot write, refuses the rest, and keeps their order, when the executor answers $answers",
  async ({ executorOf }) => {
    const clock = createFakeClock();
    const store = await openStore({ clock, maxQueuedCommands: 5_000 }, executorOf);
    const other = openRaw(store.path, { timeoutMs: 0 });
    other.exec("begin immediate");
    const before = heapBytes();
    const taken: Promise<{ seq: number }>[] = [];
    let refused = 0;
    for (let round = 0; round < 40; round += 1) {
      const sent = Array.from({ length: 1_000 }, (_, index) =>
        store.commands.enqueue({
          type: "domainEvent.emit",
          event: { type: "flood", aggregate_id: `${round}/${index}` },
        }),
      );
      // The queue has taken either all of a round or, from some command on, none.
      const outcomes = await Promise.race([Promise.allSettled(sent), store.flush().then(() => undefined)]);
      if (outcomes === undefined) taken.push(...sent);
      else refused += outcomes.length;
      clock.advance(100);
    }
    expect(taken.length).toBeGreaterThanOrEqual(5_000);
    expect(taken.length).toBeLessThanOrEqual(7_000);
    expect(refused).toBe(40_000 - taken.length);
    const full = await rejection(
      store.commands.enqueue({ type: "domainEvent.emit", event: { type: "more" } }),
    );
    expect(full).toMatchObject({ code: "ATLAS_CORE_QUEUE_FULL", retryable: true });
    expect(heapBytes() - before).toBeLessThan(40 * MIB);
    other.close();
    clock.advance(100);
    const receipts = (await Promise.allSettled(taken)).flatMap((outcome) =>
      outcome.status === "fulfilled" ? [outcome.value.seq] : [],
    );
    expect(receipts).toEqual(Array.from({ length: receipts.length }, (_, index) => index + 1));
    const order = readRows<{ id: string }>(
      store.path,
      "select aggregate_id as id from domain_events order by seq",
    ).map(({ id }) => Number(id.split("/")[0]) * 1_000 + Number(id.split("/")[1]));
    expect(order.length).toBe(receipts.length);
    expect(order).toEqual([...order].sort((left, right) => left - right));
  },
  30_000,
);
