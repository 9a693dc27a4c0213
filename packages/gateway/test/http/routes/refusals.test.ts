import { expect, it } from "vitest";
import { createFolder, openHttp } from "../support/open-http.ts";

type Refusal = readonly [method: string, path: string, body: unknown, expected: object];

const refusals: readonly Refusal[] = [
  ["GET", "/jobs/nobody", undefined, { status: 404, code: "ATLAS_PLUGINS_JOB_NOT_FOUND" }],
  ["GET", "/jobs/nobody/wait?timeout_ms=0", undefined, { status: 404, code: "ATLAS_PLUGINS_JOB_NOT_FOUND" }],
  ...["waits", "steps", "calls", "runs", "log", "events"].map(
    (list): Refusal => [
      "GET",
      `/jobs/nobody/${list}`,
      undefined,
      { status: 404, code: "ATLAS_PLUGINS_JOB_NOT_FOUND" },
    ],
  ),
  ...["cancel", "redrive", "promote"].map(
    (act): Refusal => [
      "POST",
      `/jobs/nobody/${act}`,
      {},
      { status: 404, code: "ATLAS_PLUGINS_JOB_NOT_FOUND" },
    ],
  ),
  ["POST", "/jobs/nobody/signals", { name: "a", value: 1 }, { status: 404 }],
  ["POST", "/jobs/j/signals", { name: "$a", value: 1 }, { errors: [{ path: "body.name" }] }],
  ["POST", "/jobs/j/signals", { name: "a" }, { errors: [{ path: "body.value" }] }],
  ["POST", "/jobs/j/signals", { name: "a", value: "x".repeat(65_536) }, { errors: [{ path: "body.value" }] }],
  [
    "POST",
    "/jobs",
    { workflow_id: "ehco.v1" },
    { status: 404, code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN", detail: /echo\.v1/ },
  ],
  ["POST", "/jobs", { workflow_id: "echo.v1" }, { status: 422, code: "ATLAS_PLUGINS_INPUT_INVALID" }],
  [
    "POST",
    "/jobs",
    { workflow_id: "fail.v1", prioirty: 1 },
    { errors: [{ path: "body.prioirty", message: /priority/ }] },
  ],
  ["POST", "/jobs", { workflow_id: "fail.v1", run_at: "tomorrow" }, { errors: [{ path: "body.run_at" }] }],
  [
    "POST",
    "/jobs",
    { workflow_id: "fail.v1", run_at: "9999-12-31T23:59:59-23:00" },
    { errors: [{ path: "body.run_at" }] },
  ],
  [
    "POST",
    "/jobs",
    { workflow_id: "fail.v1", idempotency_key: "k", unique: { key: "k", while: "active" } },
    { errors: [{ path: "body.unique" }] },
  ],
  ["POST", "/jobs", { workflow_id: "fail.v1", unique: { key: "k" } }, { errors: [{ path: "body.unique" }] }],
  ["POST", "/jobs", { workflow_id: "fail.v1", input: [] }, { errors: [{ path: "body.input" }] }],
  ["POST", "/jobs", { workflow_id: "é".repeat(200) }, { errors: [{ path: "body.workflow_id" }] }],
  ["POST", "/jobs/batch", { jobs: [] }, { errors: [{ path: "body.jobs" }] }],
  [
    "POST",
    "/jobs/batch",
    { jobs: [{ workflow_id: "fail.v1" }, { workflow: "x" }] },
    { errors: [{ path: "body.jobs[1].workflow_id" }, { path: "body.jobs[1].workflow" }] },
  ],
  ["GET", "/jobs?limit=0", undefined, { errors: [{ path: "query.limit" }] }],
  ["GET", "/jobs?limit=1001", undefined, { errors: [{ path: "query.limit" }] }],
  ["GET", "/jobs?limit=1e2", undefined, { errors: [{ path: "query.limit" }] }],
  ["GET", "/jobs?limit=", undefined, { errors: [{ path: "query.limit" }] }],
  ["GET", "/jobs?status=done", undefined, { errors: [{ path: "query.status" }] }],
  ["GET", "/jobs?statsu=failed", undefined, { errors: [{ path: "query.statsu", message: /status/ }] }],
  ...[
    "/jobs",
    "/entities",
    "/events",
    "/artifacts",
    "/domain-events",
    "/dead-letters",
    "/calls",
    "/journal",
    "/refused-commands",
  ].map(
    (path): Refusal => [
      "GET",
      `${path}?cursor=broken`,
      undefined,
      { status: 400, code: "ATLAS_CORE_CURSOR_INVALID" },
    ],
  ),
  ["GET", "/domain-events?after=-1", undefined, { errors: [{ path: "query.after" }] }],
  ["GET", "/domain-events?types=a,,b", undefined, { errors: [{ path: "query.types[1]" }] }],
  ["GET", "/domain-events/stream?after=-1", undefined, { errors: [{ path: "query.after" }] }],
  ["GET", "/domain-events/stream?after=1000000", undefined, { errors: [{ path: "query.after" }] }],
  ["GET", "/workflows/ehco.v1", undefined, { status: 404, detail: /Did you mean "echo\.v1"/ }],
  ["POST", "/workflows/ehco.v1/pause", {}, { status: 404, detail: /echo\.v1/ }],
  ["POST", "/sources/x/resume", {}, { status: 404, code: "ATLAS_PLUGINS_SOURCE_UNKNOWN" }],
  ["POST", "/sinks/x/pause", {}, { status: 404, code: "ATLAS_PLUGINS_SINK_UNKNOWN" }],
  ["POST", "/dead-letters/redrive", { sink_id: "x" }, { status: 404, code: "ATLAS_PLUGINS_SINK_UNKNOWN" }],
  ["POST", "/sync", { source_id: "x" }, { status: 404, code: "ATLAS_PLUGINS_SOURCE_UNKNOWN" }],
  ["PUT", "/schedules/s", { workflow_id: "fail.v1", every_ms: 5 }, { status: 400, detail: /every_ms/ }],
  ["PUT", "/schedules/s", { workflow_id: "fail.v1", every_ms: 5_000, cron: "* * * * *" }, { status: 400 }],
  ["PUT", "/schedules/s", { workflow_id: "fail.v1", cron: "never" }, { status: 400 }],
  ["PUT", "/schedules/s", { workflow_id: "fial.v1", every_ms: 5_000 }, { status: 404, detail: /fail\.v1/ }],
  ["PUT", "/schedules/s%20s", { workflow_id: "fail.v1", every_ms: 5_000 }, { status: 400 }],
  ["DELETE", "/schedules/s", undefined, { status: 404, code: "ATLAS_CORE_NOT_FOUND" }],
  ["GET", "/entities/x", undefined, { status: 404, code: "ATLAS_CORE_NOT_FOUND" }],
  ["GET", "/events/x", undefined, { status: 404, code: "ATLAS_CORE_NOT_FOUND" }],
  ["GET", "/artifacts/x", undefined, { status: 404, code: "ATLAS_CORE_NOT_FOUND" }],
  ["GET", "/entities?include_deleted=yes", undefined, { errors: [{ path: "query.include_deleted" }] }],
  ["POST", "/maintenance/backups", {}, { status: 409, code: "ATLAS_HTTP_CONFLICT" }],
  ["POST", "/maintenance/backups", { path: "/etc/passwd" }, { errors: [{ path: "body.path" }] }],
  ["POST", "/maintenance/prune", { jobs_before: "soon" }, { errors: [{ path: "body.jobs_before" }] }],
];

it("refuses what is wrong, and says what and where", async () => {
  const { send } = await openHttp();
  for (const [method, path, body, expected] of refusals) {
    const response = await send(method, path, { body });
    const problem = (await response.json()) as { readonly status: number; readonly errors?: unknown };
    const { detail, errors, ...rest } = expected as { detail?: RegExp; errors?: object[] };
    const wanted = {
      ...(errors === undefined ? {} : { status: 400, code: "ATLAS_HTTP_REQUEST_INVALID" }),
      ...rest,
      ...(detail === undefined ? {} : { detail: expect.stringMatching(detail) }),
      ...(errors === undefined
        ? {}
        : {
            errors: errors.map((error) =>
              expect.objectContaining(
                "message" in error
                  ? { ...error, message: expect.stringMatching(error.message as RegExp) }
                  : error,
              ),
            ),
          }),
    };
    expect({ path, ...problem }).toMatchObject({ path, ...wanted });
    expect(response.status).toBe(problem.status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  }
});

it("says which input a job needs that has one, and which states it does not leave", async () => {
  const { send, client } = await openHttp();
  const { id } = await client.jobs.create({ workflow_id: "fail.v1", idempotency_key: "one" });
  await client.jobs.wait(id);
  const other = await send("POST", "/jobs", {
    body: { workflow_id: "fail.v1", idempotency_key: "one", input: { a: 1 } },
  });
  expect(await other.json()).toMatchObject({ status: 409, code: "ATLAS_PLUGINS_KEY_CONFLICT" });
  const again = await send("POST", "/jobs", { body: { workflow_id: "fail.v1", idempotency_key: "one" } });
  expect(await again.json()).toMatchObject({ status: 409, code: "ATLAS_PLUGINS_KEY_ENDED" });
  expect(await (await send("POST", `/jobs/${id}/promote`, { body: {} })).json()).toMatchObject({
    status: 409,
    code: "ATLAS_PLUGINS_JOB_NOT_DELAYED",
  });
});

it("creates as many jobs at once as it says, also with keys and a kept answer", async () => {
  const { send, gateway } = await openHttp();
  const jobs = Array.from({ length: 500 }, (_, index) => ({
    workflow_id: "ask/me.v1",
    idempotency_key: `k${index}`,
  }));
  expect((await send("POST", "/jobs/batch", { body: { jobs } })).status).toBe(400);
  expect((await gateway.repo.listJobs()).items).toEqual([]);
  const headers = { "idempotency-key": "all" };
  const most = await send("POST", "/jobs/batch", { body: { jobs: jobs.slice(1) }, headers });
  expect(most.status).toBe(201);
});

it("answers with JSON, or with Markdown that no browser renders", async () => {
  const { send, client } = await openHttp();
  const { id } = await client.jobs.create({ workflow_id: "echo.v1", input: { text: "<script>" } });
  await client.jobs.wait(id);
  const [artifact] = (await client.artifacts.list()).items;
  const path = `/artifacts/${artifact?.id}`;
  const typeFor = async (accept: string) => {
    const response = await send("GET", path, { headers: { accept } });
    return [
      response.status,
      response.headers.get("content-type"),
      response.headers.get("x-content-type-options"),
    ];
  };
  const json = [200, "application/json", "nosniff"];
  const markdown = [200, "text/markdown; charset=utf-8", "nosniff"];
  expect(await typeFor("*/*")).toEqual(json);
  expect(await typeFor("text/markdown")).toEqual(markdown);
  expect(await typeFor("text/*;q=0.5, application/json;q=0.4")).toEqual(markdown);
  expect(await typeFor("text/html, application/json;q=0.9, text/markdown;q=0.8")).toEqual(json);
  expect(await typeFor("text/markdown;q=0, */*")).toEqual(json);
  expect(await typeFor("text/html")).toEqual([406, "application/problem+json", "nosniff"]);
  const response = await send("GET", path, { headers: { accept: "text/markdown" } });
  expect(await response.text()).toBe("# <b><script></b>");
});

it("waits for a job no longer than it was asked to", async () => {
  const { client } = await openHttp();
  const { id } = await client.jobs.create({ workflow_id: "ask/me.v1" });
  expect((await client.jobs.wait(id, { timeout_ms: 0 })).id).toBe(id);
  const left = client.jobs.wait(id, { timeout_ms: 60_000 });
  await client.jobs.signal(id, { name: "answer", value: null });
  expect((await left).status).toBe("succeeded");
});

it("keeps the folder of backups to itself when it cannot be written", async () => {
  const folder = `${await createFolder()}/nowhere`;
  const { send } = await openHttp({}, { backups: { folder } });
  const response = await send("POST", "/maintenance/backups", { body: {} });
  expect(response.status).toBeGreaterThanOrEqual(500);
  expect(await response.text()).not.toContain("nowhere");
});

it("knows profiles where there are any, and says so where there are none", async () => {
  const routed = await openHttp({ routing: { llm: { profiles: { fast: ["mock"] } } } });
  const unknown = await routed.send("GET", "/models/explain?profile=fats");
  expect(await unknown.json()).toMatchObject({
    status: 404,
    code: "ATLAS_ROUTING_PROFILE_UNKNOWN",
    detail: expect.stringMatching(/fast/),
  });
  const { llm } = routed.gateway;
  const single = await openHttp({ llm: { generateText: llm.generateText, streamText: llm.streamText } });
  expect(await (await single.send("GET", "/models/explain")).json()).toMatchObject({ status: 409 });
});
