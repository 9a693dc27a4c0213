import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toPage } from "../../src/contract/page.ts";
import type { Page, ReadOnlyRepo } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";

type List = (
  repo: ReadOnlyRepo,
  options: { limit?: number; cursor?: string; order?: "asc" | "desc" },
) => Promise<Page<{ readonly id: string } | { readonly seq: number }>>;

const lists: readonly (readonly [string, List])[] = [
  ["listEntities", (repo, options) => repo.listEntities(options)],
  ["listEntities of a type", (repo, options) => repo.listEntities({ ...options, type: "t1" })],
  ["listEvents", (repo, options) => repo.listEvents(options)],
  ["listEvents of an entity", (repo, options) => repo.listEvents({ ...options, entity_id: "e1" })],
  ["findArtifacts", (repo, options) => repo.findArtifacts(options)],
  ["listJobs", (repo, options) => repo.listJobs(options)],
  ["listJobs by status", (repo, options) => repo.listJobs({ ...options, status: "queued" })],
];
const logs: readonly (readonly [string, List])[] = [
  ["listDomainEvents", (repo, options) => repo.listDomainEvents(options)],
  [
    "listJournal",
    (repo, options) => repo.listJournal(options).then(({ items, ...page }) => ({ ...page, items })),
  ],
];

async function filledStore() {
  const store = await openStore();
  await store.commands.enqueueAll(
    Array.from({ length: 57 }, (_, index) => {
      // Many share one time, so that only the id tells them apart.
      const at = new Date(Date.UTC(2026, 0, 1 + (index % 5))).toISOString();
      const id = `${(index * 31) % 57}`;
      return [
        { type: "entity.upsert", entity: { id, type: `t${index % 2}` } },
        { type: "event.insert", event: { id, type: "seen", entity_id: `e${index % 2}`, occurred_at: at } },
        { type: "artifact.create", artifact: { id, type: "digest", created_at: at } },
        { type: "job.create", job: { id, workflow_id: "w" } },
      ] as const;
    }).flat(),
  );
  return store;
}

const keyOf = (item: { readonly id: string } | { readonly seq: number }): string =>
  "id" in item ? item.id : String(item.seq);

async function readAll(
  repo: ReadOnlyRepo,
  list: List,
  limit: number,
  order?: "asc" | "desc",
): Promise<readonly string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(repo, {
      limit,
      ...(order === undefined ? {} : { order }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    keys.push(...page.items.map(keyOf));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return keys;
}

describe.each(lists)("%s", (_, list) => {
  it("visits everything once whatever the page size, and backwards in the opposite order", async () => {
    const { repo } = await filledStore();
    const all = await readAll(repo, list, 1_000);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(20);
    expect(await list(repo, { limit: all.length })).not.toHaveProperty("cursor");
    expect(await list(repo, { limit: all.length - 1 })).toHaveProperty("cursor");
    for (const limit of [1, 7, all.length - 1, all.length, all.length + 1]) {
      expect(await readAll(repo, list, limit)).toEqual(all);
      expect(await readAll(repo, list, limit, "desc")).toEqual([...all].reverse());
    }
  });
});

describe.each(logs)("%s", (_, list) => {
  it("visits everything once, in commit order", async () => {
    const { repo } = await filledStore();
    const expected = Array.from({ length: 228 }, (__, index) => index + 1);
    expect(await list(repo, { limit: 228 })).not.toHaveProperty("cursor");
    for (const limit of [1, 50, 228]) {
      const seqs: number[] = [];
      let page = await list(repo, { limit });
      seqs.push(...page.items.map((item) => ("seq" in item ? item.seq : Number.NaN)));
      while (page.cursor !== undefined) {
        page = await list(repo, { limit, cursor: page.cursor });
        seqs.push(...page.items.map((item) => ("seq" in item ? item.seq : Number.NaN)));
      }
      expect(seqs).toEqual(expected);
    }
  });
});

it("goes on after a number", async () => {
  const { repo } = await filledStore();
  expect((await repo.listDomainEvents({ after: 226 })).items.map(({ seq }) => seq)).toEqual([227, 228]);
  expect((await repo.listJournal({ after: 228 })).items).toEqual([]);
});

it("shows 100 items where no limit is given, and has no cursor on the last page", async () => {
  const { repo } = await filledStore();
  const first = await repo.listJournal();
  expect(first.items.length).toBe(100);
  expect(first.cursor).toBeDefined();
  expect(await repo.listEntities()).not.toHaveProperty("cursor");
});

it.each([0, -1, 1.5, 1_001, Number.NaN, "10"])("refuses %j as a limit", async (limit) => {
  const { repo } = await openStore();
  await expect(repo.listEntities({ limit: limit as number })).rejects.toThrow(TypeError);
  await expect(repo.listJournal({ limit: limit as number })).rejects.toThrow("limit must be an integer");
});

describe("a cursor that a list did not give out", () => {
  const code = "ATLAS_CORE_CURSOR_INVALID";

  it("is refused, whatever it is", async () => {
    const { repo } = await openStore();
    await fc.assert(
      fc.asyncProperty(fc.string(), async (cursor) => {
        const ask = [
          repo.listEntities({ cursor }),
          repo.listEvents({ cursor }),
          repo.listJournal({ cursor }),
        ];
        for (const error of await Promise.all(ask.map(rejection))) expect(error.code).toBe(code);
      }),
    );
    expect((await rejection(repo.listJobs({ cursor: 7 as unknown as string }))).code).toBe(code);
  });

  it("is refused when another kind of list gave it out", async () => {
    const { repo } = await filledStore();
    const entities = (await repo.listEntities({ limit: 1 })).cursor as string;
    const journal = (await repo.listJournal({ limit: 1 })).cursor as string;
    const events = (await repo.listEvents({ limit: 1 })).cursor as string;
    for (const cursor of [entities, events])
      expect((await rejection(repo.listJournal({ cursor }))).code).toBe(code);
    for (const cursor of [journal, events])
      expect((await rejection(repo.listEntities({ cursor }))).code).toBe(code);
    for (const cursor of [entities, journal])
      expect((await rejection(repo.listEvents({ cursor }))).code).toBe(code);
  });
});

it("gives no cursor with a last page that is full, and one with a page before it", () => {
  const read = { item: (row: number) => row, key: (row: number) => [row] };
  expect(toPage([1, 2, 3], 3, read)).toEqual({ items: [1, 2, 3] });
  expect(toPage([1, 2, 3], 2, read)).toEqual({ items: [1, 2], cursor: expect.any(String) });
});
