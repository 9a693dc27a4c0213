import { createTestGateway } from "@atlas/testing";
import { expect, it } from "vitest";
import { silentLogger } from "../src/index.ts";

const workflow = { id: "hello.v1", run: async () => undefined };
const batch = { id: "batch.v1", batch: { maxSize: 10, maxWaitMs: 60_000 }, run: async () => undefined };

const open = () => createTestGateway({ log: silentLogger, workflows: [workflow, batch] });
const note = (id: string) =>
  ({ type: "entity.upsert", entity: { id: `note-${id}`, type: "note", data: { id } } }) as const;

it("commits commands with the jobs, which they name in the order of the requests", async () => {
  await using gateway = await open();
  let given: readonly string[] = [];
  const requests = ["hello.v1", "batch.v1", "hello.v1", "batch.v1"].map((workflow_id) => ({ workflow_id }));
  const jobs = await gateway.jobs.createMany(
    requests,
    {},
    {
      alongside: (ids) => {
        given = ids;
        return [...new Set(ids)].map(note);
      },
    },
  );
  expect(given).toEqual(jobs.map(({ id }) => id));
  expect(jobs.map(({ workflow_id }) => workflow_id)).toEqual(requests.map(({ workflow_id }) => workflow_id));
  expect(
    await Promise.all([...new Set(given)].map((id) => gateway.repo.getEntity(`note-${id}`))),
  ).not.toContain(undefined);
});

it("creates no job where one of the commands is refused", async () => {
  await using gateway = await open();
  for (const workflow_id of ["hello.v1", "batch.v1"]) {
    const made = gateway.jobs.create(
      { workflow_id },
      {},
      {
        alongside: () => [{ type: "job.updateStatus", id: "none", status: "running" }],
      },
    );
    await expect(made).rejects.toThrow("none");
  }
  expect((await gateway.repo.listJobs({})).items).toEqual([]);
});

it("sends them for a job that is there already", async () => {
  await using gateway = await open();
  const request = { workflow_id: "hello.v1", unique: { key: "k", forMs: 60_000 } } as const;
  const first = await gateway.jobs.create(request);
  const second = await gateway.jobs.create(request, {}, { alongside: (ids) => ids.map(note) });
  expect(second.id).toBe(first.id);
  expect(await gateway.repo.getEntity(`note-${first.id}`)).toBeDefined();
});

it("refuses options that it does not have", async () => {
  await using gateway = await open();
  const made = gateway.jobs.create({ workflow_id: "hello.v1" }, {}, { alongsid: () => [] } as never);
  await expect(made).rejects.toThrow('Did you mean "alongside"?');
});
