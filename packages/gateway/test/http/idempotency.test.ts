import { createFakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../src/index.ts";
import { served } from "../support/served.ts";

const JOB = { workflow_id: "hello.v1", input: { a: 1 } };
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Sends POST requests with a key. */
async function keyed(...options: Parameters<typeof served>) {
  const { ask, ...rest } = await served(...options);
  const post = (path: string, key: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, { method: "POST", body, headers: { "idempotency-key": key, ...headers } });
  return { ask, post, ...rest };
}

describe("POST /jobs with an Idempotency-Key", () => {
  it("creates one job, and gives the same answer again", async () => {
    const { post, gateway } = await keyed();
    const first = await post("/jobs", "k1", JOB);
    const text = await first.text();
    expect([first.status, first.headers.get("idempotent-replayed")]).toEqual([201, null]);
    const second = await post("/jobs", "k1", JOB);
    expect([second.status, second.headers.get("idempotent-replayed")]).toEqual([201, "true"]);
    expect(await second.text()).toBe(text);
    expect(second.headers.get("location")).toBe(first.headers.get("location"));
    expect((await gateway.repo.listJobs({})).items).toHaveLength(1);
  });

  it("keeps the answer on disk before it is sent", async () => {
    const { post, gateway } = await keyed();
    const first = await post("/jobs", "k1", JOB);
    const body = await first.text();
    expect(await gateway.repo.http.findAnswer("local", "k1")).toMatchObject({ status: 201, body });
  });

  it("refuses the key for another body, and for another path", async () => {
    const { post } = await keyed();
    await post("/jobs", "k1", JOB);
    const other = await post("/jobs", "k1", { ...JOB, input: { a: 2 } });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ code: "ATLAS_HTTP_KEY_REUSED" });
    expect((await post("/jobs/batch", "k1", JOB)).status).toBe(400);
    expect((await post("/jobs/batch", "k1", { jobs: [JOB] })).status).toBe(422);
  });

  it("keeps the keys of callers apart", async () => {
    const { post, gateway } = await keyed();
    const { token } = await gateway.tokens.create({ name: "other", scopes: ["*"] });
    const mine = await post("/jobs", "k1", JOB);
    const theirs = await post("/jobs", "k1", JOB, { authorization: `Bearer ${token}` });
    expect(theirs.headers.get("idempotent-replayed")).toBeNull();
    expect(await theirs.text()).not.toBe(await mine.text());
  });

  it("answers one of several requests at once, and asks the others to come again", async () => {
    const { post, gateway } = await keyed();
    for (let round = 0; round < 20; round += 1) {
      const answers = await Promise.all(Array.from({ length: 5 }, () => post("/jobs", `k${round}`, JOB)));
      const fresh = answers.filter(
        ({ status, headers }) => status === 201 && !headers.has("idempotent-replayed"),
      );
      expect(fresh).toHaveLength(1);
      for (const { status, headers } of answers)
        if (status === 409) expect(headers.get("retry-after")).toBe("1");
        else expect(status).toBe(201);
      // The key is free again.
      expect((await post("/jobs", `k${round}`, JOB)).status).toBe(201);
    }
    expect((await gateway.repo.listJobs({ limit: 100 })).items).toHaveLength(20);
  });

  it("commits job and answer in one unit: without the one there is not the other", async () => {
    const { post, gateway } = await keyed(
      {},
      {
        admit: [
          (command) =>
            command.type === "http.answer.record" ? { refuse: "TEST_NO", message: "No." } : command,
        ],
      },
    );
    expect((await post("/jobs", "k1", JOB)).status).toBe(409);
    expect((await post("/jobs/batch", "k2", { jobs: [JOB, JOB] })).status).toBe(409);
    expect((await gateway.repo.listJobs({})).items).toEqual([]);
  });

  it("gives an answer again for a day, and not a moment longer", async () => {
    const clock = createFakeClock();
    const { post } = await keyed({}, { clock });
    const first = await (await post("/jobs", "k1", JOB)).text();
    await clock.advance(DAY_MS - 1);
    expect(await (await post("/jobs", "k1", JOB)).text()).toBe(first);
    await clock.advance(1);
    const later = await post("/jobs", "k1", { ...JOB, input: { a: 2 } });
    expect([later.status, later.headers.get("idempotent-replayed")]).toEqual([201, null]);
    expect(await later.text()).not.toBe(first);
  });

  it("lets go of answers that are over", async () => {
    const clock = createFakeClock();
    const { post, gateway } = await keyed({}, { clock });
    for (const key of ["k1", "k2"]) await post("/jobs", key, JOB);
    await clock.advance(DAY_MS + 1);
    await post("/jobs", "k3", JOB);
    const kept = await Promise.all(
      ["k1", "k2", "k3"].map((key) => gateway.repo.http.findAnswer("local", key)),
    );
    expect(kept.map((answer) => answer !== undefined)).toEqual([false, false, true]);
    const report = await gateway.store.prune({ http: { answers_before: "2200-01-01T00:00:00.000Z" } });
    expect(report).toBeDefined();
    expect(await gateway.repo.http.findAnswer("local", "k3")).toBeUndefined();
  });

  it("gives a refusal again, too, and forgets a failure", async () => {
    let isBroken = true;
    const warnings: string[] = [];
    const { post } = await keyed(
      {},
      {
        log: { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) },
        admit: [
          (command) => {
            if (isBroken && command.type === "job.create") throw new Error("broken");
            return command;
          },
        ],
      },
    );
    const unknown = { workflow_id: "nothing.v1" };
    const first = await post("/jobs", "k1", unknown);
    const text = await first.text();
    const second = await post("/jobs", "k1", unknown);
    expect([second.status, second.headers.get("idempotent-replayed")]).toEqual([404, "true"]);
    expect(second.headers.get("content-type")).toBe("application/problem+json");
    expect(await second.text()).toBe(text);

    expect((await post("/jobs", "k2", JOB)).status).toBe(500);
    // Nobody has tried to keep it.
    expect(warnings).not.toContainEqual(expect.stringContaining("Idempotency-Key"));
    isBroken = false;
    const again = await post("/jobs", "k2", JOB);
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([201, null]);
  });

  it("works for a workflow that collects its inputs", async () => {
    const batch = { id: "batch.v1", batch: { maxSize: 3, maxWaitMs: 60_000 }, run: async () => undefined };
    const { post, gateway } = await keyed({}, { workflows: [batch as never] });
    const body = { workflow_id: "batch.v1", input: { a: 1 } };
    const first = await (await post("/jobs", "k1", body)).json();
    expect(await (await post("/jobs", "k1", body)).json()).toEqual(first);
    const [job] = (await gateway.repo.listJobs({})).items;
    expect(first).toEqual({ id: job?.id, workflow_id: "batch.v1" });
    // The repeated request has put nothing in.
    const inputs = await gateway.repo.select.selectFrom("plugins_batch_inputs").select("number").execute();
    expect(inputs).toEqual([{ number: 1 }]);
  });

  it.each(["", "x".repeat(256), "a b", "\u00fc"])("refuses the key %j", async (key) => {
    const { post } = await keyed();
    const answer = await post("/jobs", key, JOB);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "ATLAS_HTTP_KEY_INVALID" });
  });
});

it("gives the answer of other changes again, too", async () => {
  const { post, gateway } = await keyed();
  const { id } = await gateway.jobs.create({ workflow_id: "hello.v1", run_at: "2200-01-01T00:00:00Z" });
  const first = await post(`/jobs/${id}/cancel`, "k1", {});
  expect(first.status).toBe(200);
  const text = await first.text();
  await gateway.jobs.redrive(id);
  const second = await post(`/jobs/${id}/cancel`, "k1", {});
  expect([await second.text(), second.headers.get("idempotent-replayed")]).toEqual([text, "true"]);
});

it("keeps no answer that holds a token", async () => {
  const { post, gateway } = await keyed();
  const body = { name: "bot", scopes: ["*"] };
  expect((await post("/tokens", "k1", body)).status).toBe(201);
  expect((await post("/tokens", "k1", body)).status).toBe(409);
  expect(await gateway.repo.http.findAnswer("local", "k1")).toBeUndefined();
});
