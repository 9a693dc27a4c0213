import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@atlas/routing";
import { expect, it } from "vitest";
import { currentOwner, isAlive } from "../../src/owner.ts";
import { createOwnerNote, parseOwnerNote } from "../../src/owner-note.ts";
import { createCheckoutLocks } from "../../src/workspaces/checkout-lock.ts";
import { createFolder, createRepository } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const wait = { whenBusy: "wait", signal: undefined } as const;
const refuse = { whenBusy: "refuse", signal: undefined } as const;

it("lets tasks in one after the other, in the order in which they came", async () => {
  using folder = createFolder();
  const locks = createCheckoutLocks({ stateDir: folder.path, clock: systemClock });
  const first = await locks.take("/a", wait);
  const order: number[] = [];
  const others = [1, 2, 3].map(async (number) => {
    const lock = await locks.take("/a", wait);
    order.push(number);
    await lock.release();
  });
  await (await locks.take("/b", refuse)).release();
  await expect(locks.take("/a", refuse)).rejects.toMatchObject({
    code: "ATLAS_HARNESS_BUSY",
    details: { root: "/a" },
  });
  expect(order).toEqual([]);
  await first.release();
  await first.release();
  await Promise.all(others);
  expect(order).toEqual([1, 2, 3]);
  await (await locks.take("/a", refuse)).release();
  expect(readdirSync(join(folder.path, "locks"))).toEqual([]);
});

it("lets nobody in before their turn because another one gave up", async () => {
  using folder = createFolder();
  const locks = createCheckoutLocks({ stateDir: folder.path, clock: systemClock });
  const first = await locks.take("/a", wait);
  const controller = new AbortController();
  const second = locks.take("/a", { whenBusy: "wait", signal: controller.signal });
  let isIn = false;
  const third = locks.take("/a", wait).then((lock) => {
    isIn = true;
    return lock;
  });
  controller.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  await expect(locks.take("/a", refuse)).rejects.toMatchObject({ code: "ATLAS_HARNESS_BUSY" });
  expect(isIn).toBe(false);
  await first.release();
  await (await third).release();
});

it("waits for a task of another process, and looks again from time to time", async () => {
  using folder = createFolder();
  const theirs = createCheckoutLocks({ stateDir: folder.path, clock: systemClock });
  const looks: (() => void)[] = [];
  const { promise: looked, resolve } = Promise.withResolvers<void>();
  const clock = {
    ...systemClock,
    after: (_: number, callback: () => void) => {
      looks.push(callback);
      resolve();
      return () => undefined;
    },
  };
  const ours = createCheckoutLocks({ stateDir: folder.path, clock });
  const lock = await theirs.take("/a", wait);
  await expect(ours.take("/a", refuse)).rejects.toMatchObject({ code: "ATLAS_HARNESS_BUSY" });
  const waiting = ours.take("/a", wait);
  await looked;
  const controller = new AbortController();
  const another = createCheckoutLocks({ stateDir: folder.path, clock });
  const abandoned = another.take("/a", { whenBusy: "wait", signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(abandoned).rejects.toThrow("enough");
  await lock.release();
  looks[0]?.();
  await (await waiting).release();
  expect(readdirSync(join(folder.path, "locks"))).toEqual([]);
});

it("takes over the lock of a process that is gone, also if its pid is in use again", async () => {
  using folder = createFolder();
  const locks = createCheckoutLocks({ stateDir: folder.path, clock: systemClock });
  const lock = await locks.take("/a", wait);
  const [name = ""] = readdirSync(join(folder.path, "locks"));
  const file = join(folder.path, "locks", name);
  const { owner }: { owner: object } = JSON.parse(readFileSync(file, "utf8"));
  await lock.release();
  for (const content of [
    JSON.stringify({ owner: { ...owner, startTime: "1" } }),
    JSON.stringify({ owner: { ...owner, bootId: "before" } }),
    JSON.stringify({ owner: { ...owner, pid: 2 ** 22 + 1 } }),
    "",
    "null",
    "[1",
  ]) {
    writeFileSync(file, content);
    await (await locks.take("/a", refuse)).release();
  }
  writeFileSync(file, JSON.stringify({ owner }));
  await expect(locks.take("/a", refuse)).rejects.toMatchObject({ code: "ATLAS_HARNESS_BUSY" });
});

it("gives a free or abandoned lock to one of many only", async () => {
  using folder = createFolder();
  mkdirSync(join(folder.path, "locks"));
  const probe = createCheckoutLocks({ stateDir: folder.path, clock: systemClock });
  const probed = await probe.take("/a", refuse);
  const [name = ""] = readdirSync(join(folder.path, "locks"));
  await probed.release();
  for (let round = 0; round < 5; round += 1) {
    if (round > 0) writeFileSync(join(folder.path, "locks", name), "left");
    // Whoever was breaking it is gone, too.
    const claim = createHash("sha256").update("left").digest("hex").slice(0, 16);
    if (round > 2) writeFileSync(join(folder.path, "locks", `${name}.${claim}`), "left");
    const taken = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        createCheckoutLocks({ stateDir: folder.path, clock: systemClock }).take("/a", refuse),
      ),
    );
    const holders = taken.filter((result) => result.status === "fulfilled");
    expect(holders).toHaveLength(1);
    for (const { value } of holders) await value.release();
    expect(readdirSync(join(folder.path, "locks"))).toEqual([]);
  }
});

it("lets one task at a time apply to a checkout, whichever of its folders they name", async () => {
  using state = createState();
  using repository = createRepository({ "a/b.txt": "1\n" });
  const apply = await state.open(repository, { mode: "apply" });
  const inner = join(repository.path, "a");
  await expect(state.open(inner, { mode: "apply", whenBusy: "refuse" })).rejects.toMatchObject({
    code: "ATLAS_HARNESS_BUSY",
  });
  await expect(state.open(inner, { mode: "apply", inPlace: true, whenBusy: "refuse" })).rejects.toMatchObject(
    { code: "ATLAS_HARNESS_BUSY" },
  );
  await (await state.open(inner)).close();
  await apply.close();
  await (await state.open(inner, { mode: "apply", whenBusy: "refuse" })).close();
});

it("knows a process by its pid and its start", async () => {
  using folder = createFolder();
  const own = await currentOwner();
  expect(await isAlive(own)).toBe(true);
  expect(await createOwnerNote(join(folder.path, "note"))).toBe(true);
  expect(await createOwnerNote(join(folder.path, "note"))).toBe(false);
  expect(parseOwnerNote(folder.read("note"))).toEqual(own);
  expect(readdirSync(folder.path)).toEqual(["note"]);
  const child = spawn("sleep", ["60"]);
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ");
  const theirs = { ...own, pid: child.pid ?? 0, startTime: stat[21] ?? "" };
  expect(await isAlive(theirs)).toBe(true);
  const exited = once(child, "exit");
  child.kill();
  await exited;
  expect(await isAlive(theirs)).toBe(false);
});
