import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStore, idText, silentLogger } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { dumpTables, readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { openWriterBench } from "../support/writer-bench.ts";

interface Named {
  readonly id: string;
  readonly attempt: number;
}

async function setUp(ids: readonly string[] = ["j1", "j2", "j3"]) {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const store = await openStore({ clock });
  const { commands } = store;
  for (const id of ids) await commands.enqueue({ type: "job.create", job: { id, workflow_id: "w" } });
  const move = (status: "running" | "succeeded", jobs: readonly Named[]) =>
    commands.enqueue({ type: "job.updateStatusMany", status, jobs: [...jobs] });
  const jobs = async () =>
    (await store.repo.listJobs()).items.map(({ id, status, attempt }) => `${id} ${status} ${attempt}`);
  return { clock, store, commands, move, jobs };
}

const first = (...ids: readonly string[]): readonly Named[] => ids.map((id) => ({ id, attempt: 1 }));

describe("job.updateStatusMany", () => {
  it("starts and ends jobs with one command, and tells of each in the order given", async () => {
    const { clock, store, move } = await setUp();
    clock.advance(1_000);
    const { seq } = await move("running", first("j3", "j1"));
    clock.advance(1_000);
    await move("succeeded", first("j1", "j3"));
    const times = { started_at: "2026-11-21T09:00:01.000Z", finished_at: "2026-11-21T09:00:02.000Z" };
    for (const id of ["j1", "j3"])
      expect(await store.repo.getJob(id)).toMatchObject({ status: "succeeded", attempt: 1, ...times });
    expect(await store.repo.getJob("j2")).toMatchObject({ status: "queued", attempt: 0 });
    const payload = { attempt: 1 };
    expect((await store.repo.listDomainEvents({ after: 3 })).items).toEqual([
      expect.objectContaining({ type: "job.started", aggregate_id: "j3", payload, command_seq: seq }),
      expect.objectContaining({ type: "job.started", aggregate_id: "j1", payload, command_seq: seq }),
      expect.objectContaining({ type: "job.succeeded", aggregate_id: "j1", payload, command_seq: seq + 1 }),
      expect.objectContaining({ type: "job.succeeded", aggregate_id: "j3", payload, command_seq: seq + 1 }),
    ]);
    expect(readRows(store.path, "select count(*) as rows from journal")).toEqual([{ rows: 5 }]);
  });

  it.each([
    ["is not there", first("j1", "none", "j2")],
    ["is in another attempt", [...first("j1"), { id: "j2", attempt: 2 }]],
    ["is in an earlier attempt", [...first("j1"), { id: "ran", attempt: 1 }]],
    ["runs already", first("j1", "runs", "j2")],
  ])("starts none of its jobs if one of them %s", async (_, jobs) => {
    const { store, commands, move } = await setUp(["j1", "j2", "runs", "ran"]);
    await move("running", first("runs", "ran"));
    await commands.enqueue({ type: "job.updateStatus", id: "ran", status: "queued" });
    const before = withoutRefused(store.path);
    expect(await rejection(move("running", jobs))).toMatchObject({
      code: "ATLAS_CORE_JOB_CONFLICT",
      retryable: false,
      message: expect.stringContaining(
        `${jobs.length} jobs, the first of them "j1", cannot become "running"`,
      ),
      details: { id: "j1", status: "running", ids: jobs.map(({ id }) => id) },
    });
    expect(withoutRefused(store.path)).toEqual(before);
  });

  it.each([
    ["is queued", first("j1", "queued")],
    ["was cancelled", first("j1", "cancelled")],
    ["is in a later attempt", first("j1", "again")],
    ["is in an earlier attempt", [...first("j1"), { id: "j2", attempt: 2 }]],
  ])("ends none of its jobs if one of them %s", async (_, jobs) => {
    const { store, commands, move } = await setUp(["j1", "j2", "queued", "cancelled", "again"]);
    await move("running", first("j1", "j2", "cancelled", "again"));
    await commands.enqueue({ type: "job.updateStatus", id: "cancelled", status: "cancelled" });
    await commands.enqueue({ type: "job.updateStatus", id: "again", status: "queued" });
    await commands.enqueue({ type: "job.updateStatus", id: "again", status: "running" });
    const before = withoutRefused(store.path);
    expect((await rejection(move("succeeded", jobs))).code).toBe("ATLAS_CORE_JOB_CONFLICT");
    expect(withoutRefused(store.path)).toEqual(before);
  });

  it("leaves the neighbours of a refused set in the batch as they are", async () => {
    const bench = await openWriterBench();
    await bench.apply(...["j1", "j2"].map((id) => ({ type: "job.create", job: { id, workflow_id: "w" } })));
    const outcomes = await bench.apply(
      { type: "domainEvent.emit", event: { type: "before" } },
      { type: "job.updateStatusMany", status: "running", jobs: first("j1", "none") },
      { type: "job.updateStatusMany", status: "running", jobs: first("j2") },
    );
    expect(outcomes).toMatchObject([
      [{ changed: true }],
      { code: "ATLAS_CORE_JOB_CONFLICT" },
      [{ changed: true }],
    ]);
    expect(readRows(bench.path, "select id, status from jobs order by id")).toEqual([
      { id: "j1", status: "queued" },
      { id: "j2", status: "running" },
    ]);
  });

  it("takes 1 to 1,000 jobs, each named once", async () => {
    const { jobs, move } = await setUp();
    const many = Array.from({ length: 1_001 }, (_, index) => ({ id: `n${index}`, attempt: 1 }));
    for (const list of [[], many, first("j1", "j2", "j1"), [{ id: "j1", attempt: 0 }]])
      expect((await rejection(move("running", list))).code).toBe("ATLAS_CORE_COMMAND_INVALID");
    expect(await jobs()).toEqual(["j1 queued 0", "j2 queued 0", "j3 queued 0"]);

    const thousand = many.slice(0, 1_000);
    const { move: moveAll, store } = await setUp(thousand.map(({ id }) => id));
    await moveAll("running", thousand);
    await moveAll("succeeded", thousand);
    expect(readRows(store.path, "select distinct status, attempt from jobs")).toEqual([
      { status: "succeeded", attempt: 1 },
    ]);
  });

  it("moves jobs of any ids", async () => {
    const id = fc
      .oneof(
        fc.string({ minLength: 1, maxLength: 20, unit: "binary" }),
        fc.constantFrom("__proto__", "constructor", "1", "01", '"', "\\", "\\u0041", "$.a", "[0]", "\u007f"),
      )
      .filter((text) => idText.safeParse(text).success);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(id, { minLength: 1, maxLength: 8 }), async (ids) => {
        await using store = await createStore({ log: silentLogger, database: ":memory:" });
        const { commands, repo } = store;
        await Promise.all(
          ids.map((one) => commands.enqueue({ type: "job.create", job: { id: one, workflow_id: "w" } })),
        );
        const jobs = ids.map((one) => ({ id: one, attempt: 1 }));
        await commands.enqueue({ type: "job.updateStatusMany", status: "running", jobs });
        const running = (await repo.listJobs({ status: "running" })).items;
        expect(running.map((job) => job.id).sort()).toEqual([...ids].sort());
      }),
      { numRuns: 40 },
    );
  });
});

const moves = fc.array(
  fc.record({
    status: fc.constantFrom("running" as const, "running" as const, "succeeded" as const),
    jobs: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom("j1", "j2", "j3", "j4"),
        attempt: fc.constantFrom(1, 1, 1, 2),
      }),
      { minLength: 1, maxLength: 4, selector: ({ id }) => id },
    ),
    /** A job that the host moves first. */
    other: fc.option(
      fc.record({
        id: fc.constantFrom("j1", "j2"),
        status: fc.constantFrom("queued" as const, "cancelled" as const, "failed" as const),
      }),
    ),
  }),
  { maxLength: 12 },
);

it("leaves the same tables as single commands, but for the numbers of commands", async () => {
  await fc.assert(
    fc.asyncProperty(moves, async (list) => {
      const tables = async (isSet: boolean) => {
        const { apply, clock, path, connection } = await openWriterBench();
        const create = ["j1", "j2", "j3", "j4"].map((id) => ({
          type: "job.create",
          job: { id, workflow_id: "w" },
        }));
        await apply(...create);
        for (const { status, jobs, other } of list) {
          clock.setWallClock(clock.now() + 1_000);
          await apply(
            ...(other === null ? [] : [{ type: "job.updateStatus", ...other }]),
            isSet
              ? { type: "job.updateStatusMany", status, jobs }
              : jobs.map(({ id, attempt }) => ({ type: "job.updateStatus", id, status, attempt })),
          );
        }
        connection.database.close();
        return {
          jobs: readRows(path, "select * from jobs order by id"),
          events: readRows(
            path,
            "select seq, type, aggregate_id, payload, depth, created_at, context from domain_events order by seq",
          ),
        };
      };
      expect(await tables(true)).toEqual(await tables(false));
    }),
    { numRuns: 60 },
  );
});

/** What a refusal leaves behind is its own note. */
function withoutRefused(path: string): object {
  const { refused_commands: _, ...tables } = dumpTables(path) as Record<string, unknown>;
  return tables;
}
