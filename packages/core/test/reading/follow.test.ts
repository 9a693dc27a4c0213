import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openTested } from "../../../../test/support/test-driver.ts";
import { createConnection } from "../../src/file/connection.ts";
import { openReading } from "../../src/file/sqlite.ts";
import type { DomainEvent, FileStore, Store } from "../../src/index.ts";
import { domainEventLog, journalLog } from "../../src/reading/followed-logs.ts";
import { createLogFollowers, type FollowedLog } from "../../src/reading/log-follower.ts";
import { createRead } from "../../src/reading/read-only-repo.ts";
import { openStore } from "../support/open-store.ts";

const emit = (store: Store, ...types: readonly string[]) =>
  store.commands.enqueueAll(types.map((type) => ({ type: "domainEvent.emit" as const, event: { type } })));

/** Takes this many items. */
async function take<Item>(items: AsyncIterable<Item>, count: number): Promise<readonly Item[]> {
  const taken: Item[] = [];
  if (count === 0) return taken;
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

const seqs = (items: readonly { readonly seq: number }[]) => items.map(({ seq }) => seq);
const numbers = (length: number) => Array.from({ length }, (_, index) => index + 1);

it("gives the stored events first, then each new one after its commit", async () => {
  const store = await openStore();
  for (const count of [1, 150, 99]) await emit(store, ...numbers(count).map((number) => `old.${number}`));
  const taken = take(store.follow(), 252);
  await turn();
  await emit(store, "new.1");
  await emit(store, "new.2");
  const events = await taken;
  expect(seqs(events)).toEqual(numbers(252));
  expect(events).toEqual([...(await store.repo.listDomainEvents({ limit: 1_000 })).items]);
});

it("begins after a number, and gives only the selected types or what is about one aggregate", async () => {
  const store = await openStore();
  await emit(store, "a", "b", "a", "c", "a");
  expect(seqs(await take(store.follow({ after: 1, types: ["a"] }), 2))).toEqual([3, 5]);
  const live = take(store.follow({ types: ["c", "b"] }), 4);
  const about = take(store.follow({ aggregate_id: "j1", types: ["job.created", "job.started"] }), 2);
  await turn();
  await emit(store, "a", "c");
  for (const id of ["j0", "j1"]) {
    await store.commands.enqueue({ type: "job.create", job: { id, workflow_id: "w" } });
    await store.commands.enqueue({ type: "job.updateStatus", id, status: "running" });
  }
  await emit(store, "a");
  await emit(store, "b");
  expect((await live).map(({ type }) => type)).toEqual(["b", "c", "c", "b"]);
  expect((await about).map(({ type, aggregate_id }) => `${type} ${aggregate_id}`)).toEqual([
    "job.created j1",
    "job.started j1",
  ]);
});

it("finds a rare type far away in the log, and gives the event loop a turn on the way", async () => {
  const store = await openStore();
  await emit(store, "rare");
  for (let part = 0; part < 16; part += 1) await emit(store, ...numbers(1_000).map(() => "common"));
  await emit(store, "rare");
  let turns = 0;
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await turn();
      turns += 1;
    }
  })();
  const { items } = await store.repo.listDomainEvents({ types: ["rare"] });
  isOver = true;
  await counting;
  expect(seqs(items)).toEqual([1, 16_002]);
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(seqs(await take(store.follow({ types: ["rare"] }), 2))).toEqual([1, 16_002]);
});

it("pages through selected events with a cursor", async () => {
  const store = await openStore();
  await emit(store, "a", "b", "a", "a", "b", "a");
  const first = await store.repo.listDomainEvents({ types: ["a"], limit: 2 });
  expect(seqs(first.items)).toEqual([1, 3]);
  const cursor = first.cursor ?? "";
  const second = await store.repo.listDomainEvents({ types: ["a"], limit: 2, cursor });
  expect([seqs(second.items), second.cursor]).toEqual([[4, 6], undefined]);
  expect(seqs((await store.repo.listDomainEvents({ types: ["b"], after: 2 })).items)).toEqual([5]);
});

it("follows the journal in the same way", async () => {
  const store = await openStore();
  await emit(store, "a", "b");
  const taken = take(store.followJournal({ after: 1 }), 2);
  await turn();
  // Refused, and without a change: neither is in the journal.
  await store.commands
    .enqueue({ type: "job.updateStatus", id: "none", status: "running" })
    .catch(() => undefined);
  await emit(store, "c");
  expect(await taken).toEqual((await store.repo.listJournal({ after: 1 })).items);
  const without = await openStore({ journal: false });
  expect(() => without.followJournal()).toThrow(/followJournal: this store keeps no journal/);
});

it("ends when its signal is aborted, when the loop is left and when the store stops", async () => {
  const store = await openStore();
  await emit(store, "a");
  const over = new AbortController();
  const byAbort = store.follow({ signal: over.signal })[Symbol.asyncIterator]();
  expect((await byAbort.next()).value).toMatchObject({ seq: 1 });
  const waiting = byAbort.next();
  await turn();
  over.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await byAbort.next()).toEqual({ done: true, value: undefined });
  expect(await take(store.follow({ signal: AbortSignal.abort() }), 1)).toEqual([]);

  const byReturn = store.follow({ after: 1 })[Symbol.asyncIterator]();
  const asked = byReturn.next();
  await turn();
  expect(await byReturn.return?.()).toEqual({ done: true, value: undefined });
  expect(await asked).toEqual({ done: true, value: undefined });

  const byStop = take(store.follow(), 9);
  const notBegun = store.follow();
  const late = emit(store, "b");
  await turn();
  await store.stop();
  await late;
  expect(seqs(await byStop)).toEqual([1, 2]);
  expect(await take(notBegun, 1)).toEqual([]);
});

it("gives two items to two calls at once, and each iteration begins anew", async () => {
  const store = await openStore();
  await emit(store, "a", "b");
  const events = store.follow();
  const iterator = events[Symbol.asyncIterator]();
  const [first, second] = await Promise.all([iterator.next(), iterator.next()]);
  expect([first?.value.seq, second?.value.seq]).toEqual([1, 2]);
  await iterator.return?.();
  expect(seqs(await take(events, 2))).toEqual([1, 2]);
});

it.each([
  ["an unknown option", { type: ["a"] }, 'follow: "type" is not an option. Did you mean "types"?'],
  ["no types", { types: [] }, "follow: types must be 1 to 100 names"],
  ["a text for types", { types: "a" }, "follow: types must be 1 to 100 names"],
  ["an empty aggregate", { aggregate_id: "" }, "follow: aggregate_id must be a text"],
  ["a negative number", { after: -1 }, "follow: after must be the seq of an entry"],
])("refuses %s at once", async (_, options, message) => {
  const store = await openStore();
  // What the compiler would refuse.
  expect(() => store.follow(options as object)).toThrow(message);
});

it("refuses unknown options of followJournal, and a list of no types", async () => {
  const store = await openStore();
  expect(() => store.followJournal({ types: ["a"] } as object)).toThrow('"types" is not an option');
  await expect(store.repo.listDomainEvents({ types: [] })).rejects.toThrow(/listDomainEvents: types must be/);
});

/** A store's logs, read through a follower whose page size can be chosen, on a connection of its own. */
async function followed(store: FileStore) {
  const reader = createConnection(openReading(openTested, store.path));
  const followers = createLogFollowers(store.onCommitted);
  const read = createRead(reader);
  return { read, followers, close: () => reader.database.close() };
}

it("gives every event once, in order, under a concurrent writer, whatever the page size and the pauses", async () => {
  const batch = fc.record({
    commits: fc.array(fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 7 }), {
      minLength: 1,
      maxLength: 4,
    }),
    turns: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 9 }),
      fc.constantFrom<readonly string[] | undefined>(undefined, ["a"], ["a", "b"], ["c"]),
      async (batches, pageSize, pauses, types) => {
        const store = await openStore();
        const { read, followers, close } = await followed(store);
        const selection = types === undefined ? {} : { types };
        const follow = <Item>(log: FollowedLog<Item>) => followers.follow(log, { after: 0, pageSize });
        const all = batches.flatMap(({ commits }) => commits.flat());
        const wanted = all.flatMap((type, index) =>
          types === undefined || types.includes(type) ? [index + 1] : [],
        );
        const collect = async <Item extends { readonly seq: number }>(
          items: AsyncIterable<Item>,
          count: number,
        ) => {
          const found: number[] = [];
          if (count === 0) return found;
          for await (const { seq } of items) {
            found.push(seq);
            for (let left = pauses[seq % pauses.length] ?? 0; left > 0; left -= 1) await turn();
            if (found.length === count) break;
          }
          return found;
        };
        const events = collect(follow(domainEventLog(read, selection)), wanted.length);
        const entries = collect(follow(journalLog(read)), all.length);
        for (const { commits, turns } of batches) {
          // In one turn: they meet in one commit, or are announced in one.
          const sent = commits.map((types) => emit(store, ...types));
          for (let left = turns; left > 0; left -= 1) await turn();
          if (turns > 0) await Promise.all(sent);
        }
        await store.flush();
        expect(await events).toEqual(wanted);
        expect(await entries).toEqual(numbers(all.length));
        close();
        await store.stop();
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);

it("misses nothing when a commit for a waiting reader is followed at once by one that is not for it", async () => {
  const store = await openStore();
  const { read, close } = await followed(store);
  let announce: Parameters<Store["onCommitted"]>[0] = () => undefined;
  const followers = createLogFollowers((listener) => {
    announce = listener;
    return () => undefined;
  });
  const taken = take(followers.follow(domainEventLog(read, { types: ["a"] }), { after: 0 }), 1);
  for (let left = 5; left > 0; left -= 1) await turn();
  await emit(store, "a", "b");
  const { items } = await store.repo.listDomainEvents();
  const batchOf = (event: DomainEvent | undefined) => ({
    first_seq: event?.command_seq ?? 0,
    last_seq: event?.command_seq ?? 0,
    events: event === undefined ? [] : [event],
  });
  announce(batchOf(items[0]));
  announce(batchOf(items[1]));
  expect(seqs(await taken)).toEqual([1]);
  close();
});

it("reads again when something was committed while it read", async () => {
  const store = await openStore();
  const { read, followers, close } = await followed(store);
  const log = domainEventLog(read, {});
  let reads = 0;
  const interrupted: FollowedLog<DomainEvent> = {
    ...log,
    async read(range) {
      reads += 1;
      const page = await log.read(range);
      if (reads === 1) await emit(store, "a");
      await turn();
      return page;
    },
  };
  expect(seqs(await take(followers.follow(interrupted, { after: 0 }), 1))).toEqual([1]);
  expect(reads).toBe(2);
  close();
});

it("keeps no more than a page for a slow reader, and smaller pages where the items are large", async () => {
  const store = await openStore();
  const { read, followers, close } = await followed(store);
  const log = domainEventLog(read, {});
  const limits: number[] = [];
  let given = 0;
  let most = 0;
  let taken = 0;
  const watched: FollowedLog<DomainEvent> = {
    ...log,
    async read(range) {
      limits.push(range.limit);
      const page = await log.read(range);
      given += page.items.length;
      most = Math.max(most, given - taken);
      return page;
    },
  };
  const payload = { text: "x".repeat(200_000) };
  for (let part = 0; part < 3; part += 1) {
    await store.commands.enqueueAll(
      numbers(40).map(() => ({ type: "domainEvent.emit" as const, event: { type: "large", payload } })),
    );
    await emit(store, ...numbers(500).map(() => "small"));
  }
  for await (const { seq } of followers.follow(watched, { after: 0 })) {
    taken += 1;
    expect(seq).toBe(taken);
    if (taken === 1_620) break;
    if (taken % 100 === 0) await emit(store, "later");
  }
  expect(most).toBeLessThanOrEqual(100);
  expect(Math.max(...limits)).toBe(100);
  expect(limits).toContain(2);
  close();
});

it("reads nothing from the database for commits that are not for it", async () => {
  const store = await openStore();
  const { read, followers, close } = await followed(store);
  const log = domainEventLog(read, { types: ["a"] });
  let reads = 0;
  const begins: number[] = [];
  const watched: FollowedLog<DomainEvent> = {
    ...log,
    read(range) {
      reads += 1;
      begins.push(range.after);
      return log.read(range);
    },
  };
  await emit(store, "a");
  const iterator = followers.follow(watched, { after: 0 })[Symbol.asyncIterator]();
  await iterator.next();
  const second = iterator.next();
  for (let left = 5; left > 0; left -= 1) await turn();
  const before = reads;
  for (const type of ["b", "c", "b", "c"]) await emit(store, type);
  await turn();
  expect(reads).toBe(before);
  await emit(store, "a");
  expect((await second).value).toMatchObject({ seq: 6 });
  expect(begins.at(-1)).toBe(5);
  await iterator.return?.();
  close();
});

it("gives the event loop a turn between two pages", async () => {
  const store = await openStore();
  await emit(store, ...numbers(400).map(() => "a"));
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await take(store.follow(), 400);
  clearImmediate(next);
  expect(turns).toBeGreaterThanOrEqual(4);
});

it("listens from its first item to its end, and not at all when it was aborted before", async () => {
  let listening = 0;
  const followers = createLogFollowers(() => {
    listening += 1;
    return () => {
      listening -= 1;
    };
  });
  const log: FollowedLog<number> = {
    read: ({ after }) => Promise.resolve({ items: [after + 1], through: after + 1, sizeBytes: 8 }),
    passed: () => undefined,
  };
  const over = new AbortController();
  const iterator = followers.follow(log, { after: 0 })[Symbol.asyncIterator]();
  const aborted = followers.follow(log, { after: 0, signal: over.signal })[Symbol.asyncIterator]();
  expect(listening).toBe(0);
  expect(await iterator.next()).toEqual({ done: false, value: 1 });
  expect(listening).toBe(1);
  over.abort();
  expect(await aborted.next()).toEqual({ done: true, value: undefined });
  expect(listening).toBe(1);
  await iterator.return?.();
  expect(listening).toBe(0);
});

it("rejects and ends where the log cannot be read", async () => {
  const failure = new Error("disk");
  const followers = createLogFollowers(() => () => undefined);
  const log: FollowedLog<never> = { read: () => Promise.reject(failure), passed: () => undefined };
  const iterator = followers.follow(log, { after: 0 })[Symbol.asyncIterator]();
  await expect(iterator.next()).rejects.toBe(failure);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});
