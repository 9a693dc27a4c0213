import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { restore } from "@atlas/core";
import { expect, it, onTestFinished } from "vitest";
import { markThrough } from "../../src/delivery/release.ts";
import { createDelivery } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "atlas-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store with a sink that takes no event at all. `calls` are the events that it was called for. */
async function deliveringStore(database: string) {
  const opened = await openStore({ database });
  const calls: { readonly id: string; readonly type: string }[] = [];
  const delivery = createDelivery({
    ...opened,
    random: () => 0,
    sinks: [
      {
        id: "down",
        retry: { maxAttempts: 1 },
        async handle({ id, type }) {
          calls.push({ id, type });
          throw new Error("down");
        },
      },
    ],
  });
  opened.store.onCommitted(delivery.wake);
  await delivery.start();
  const dead = () => opened.repo.plugins.listFailedDeliveries();
  const emit = async (...types: readonly string[]) => {
    const before = (await dead()).length;
    for (const type of types) await opened.commands.enqueue({ type: "domainEvent.emit", event: { type } });
    return until(async () => {
      const letters = await dead();
      return letters.length === before + types.length ? letters : undefined;
    });
  };
  return { ...opened, delivery, dead, emit, calls };
}

it("names dead letters by the ids under which they were delivered, before and after a restore", async () => {
  const folder = temporaryFolder();
  const first = await deliveringStore(join(folder, "first.db"));
  await first.emit("a", "b");
  await first.delivery.stop(1_000);
  const backup = join(folder, "backup.db");
  await first.store.backup(backup);
  await first.commands.enqueue({ type: "domainEvent.emit", event: { type: "lost" } });
  const [, , lost] = (await first.repo.listDomainEvents()).items;

  const to = join(folder, "second.db");
  await restore({ from: backup, to });
  const second = await deliveringStore(to);
  const [a, b, fresh] = await second.emit("new");
  expect([a?.event_id, b?.event_id]).toEqual(first.calls.map(({ id }) => id));
  expect(second.calls).toEqual([{ id: fresh?.event_id, type: "new" }]);
  expect(fresh).toMatchObject({ event_seq: lost?.seq });
  expect(fresh?.event_id).not.toBe(lost?.id);

  // The number of "new" is that of "lost", which this store does not have.
  const gone = { event_id: lost?.id ?? "" };
  expect(await second.delivery.redrive("down", gone)).toBe(0);
  expect(await second.delivery.dismiss("down", gone)).toBe(0);
  expect(await second.delivery.dismiss("down", { event_id: b?.event_id ?? "" })).toBe(1);
  expect(await second.delivery.dismiss("down", { event_id: fresh?.event_id ?? "" })).toBe(1);
  expect(await second.delivery.redrive("down", { event_id: a?.event_id ?? "" })).toBe(1);
  await until(async () => (await second.dead())[0]?.attempts === 1);
  expect(second.calls.at(-1)).toEqual({ id: a?.event_id, type: "a" });
  expect((await second.dead()).map(({ event_type }) => event_type)).toEqual(["a"]);
  await second.delivery.stop(1_000);
});

it("marks what was delivered before and after a restore, also where one page holds both", async () => {
  const folder = temporaryFolder();
  const first = await openStore({ database: join(folder, "first.db") });
  const emit = (store: typeof first, type: string) =>
    store.commands.enqueue({ type: "domainEvent.emit", event: { type } });
  for (const type of ["a", "b", "c"]) await emit(first, type);
  const backup = join(folder, "backup.db");
  await first.store.backup(backup);
  const to = join(folder, "second.db");
  await restore({ from: backup, to });
  const second = await openStore({ database: to });
  for (const type of ["d", "e"]) await emit(second, type);
  for (const [through, marked] of [
    [4, [1, 2, 3, 4]],
    [9, [1, 2, 3, 4, 5]],
  ] as const) {
    for (const command of await markThrough(second.repo, 2, through)) await second.commands.enqueue(command);
    for (const command of await markThrough(second.repo, 1, 1)) await second.commands.enqueue(command);
    const { items } = await second.repo.listDomainEvents();
    expect(items.flatMap(({ seq, delivered_at }) => (delivered_at === undefined ? [] : [seq]))).toEqual(
      marked,
    );
  }
  expect(await markThrough(second.repo, 4, 5)).toHaveLength(1);
  expect(await markThrough(second.repo, 6, 9)).toEqual([]);
});
