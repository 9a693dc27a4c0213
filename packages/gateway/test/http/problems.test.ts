import { CoreError, silentLogger } from "@atlas/core";
import { PluginError } from "@atlas/plugins";
import { describe, expect, it } from "vitest";
import { problemDocument } from "../../src/http/problem/problem-document.ts";
import { ProblemError } from "../../src/http/problem/problem-error.ts";
import { problemOf } from "../../src/http/problem/problem-of.ts";
import { statusOf } from "../../src/http/problem/status-of.ts";
import { served } from "../support/served.ts";

const CONSTANT = "The server failed to answer. Its log has the details under this request id.";

describe("the status of a code", () => {
  it.each([
    ["ATLAS_PLUGINS_JOB_NOT_FOUND", false, 404],
    ["ATLAS_PLUGINS_WORKFLOW_UNKNOWN", false, 404],
    ["ATLAS_ROUTING_PROFILE_UNKNOWN", false, 404],
    ["ATLAS_PLUGINS_KEY_CONFLICT", false, 409],
    ["ATLAS_CORE_JOB_CONFLICT", false, 409],
    ["ATLAS_GATEWAY_TOKEN_NAME_TAKEN", false, 409],
    ["FINOPS_BUDGET_OVER", false, 409],
    ["ATLAS_CORE_QUEUE_FULL", true, 503],
    ["ATLAS_CORE_STORAGE_FULL", true, 503],
    ["ATLAS_CORE_STOPPED", false, 503],
    ["ATLAS_CORE_CURSOR_INVALID", false, 400],
    ["ATLAS_PLUGINS_INPUT_INVALID", false, 422],
    ["ATLAS_CORE_COMMAND_TOO_LARGE", false, 413],
    ["ATLAS_LLM_RATE_LIMITED", true, 429],
    ["ATLAS_LLM_ALL_FAILED", true, 503],
    ["ATLAS_LLM_MISCONFIGURED", false, 502],
    ["ATLAS_HARNESS_DENIED", false, 502],
  ])("%s (retryable: %s) is %i", (code, retryable, status) => {
    const found = statusOf(code, retryable);
    expect(found.status).toBe(status);
    expect(found.retryAfterSeconds).toBe(status === 503 || status === 429 ? 1 : undefined);
  });
});

it.each([
  [new Error("secret /etc/passwd")],
  [new TypeError("Cannot read properties of undefined (reading 'id')")],
  [new TypeError("gateway.jobs.craete is not a function")],
  ["a text"],
  [undefined],
  [null],
  [
    new CoreError(
      "ATLAS_CORE_STORAGE_FAILED",
      { sqlite: "SQLITE_IOERR", outcome: "unknown" },
      "/var/db: SQLITE_IOERR",
    ),
  ],
  [new CoreError("ATLAS_CORE_CONSTRAINT", { type: "x", sqlite: "y" }, "INSERT INTO jobs")],
])("sends nothing of what it does not know: %s", (error) => {
  const problem = problemOf(error);
  expect(problem.status).toBeGreaterThanOrEqual(409);
  expect(problem.detail).toBe(CONSTANT);
});

it("sends what Atlas says about a call", () => {
  expect(problemOf(new TypeError("jobs.create: unique.key must be a text."))).toMatchObject({ status: 400 });
  const unknown = new PluginError("ATLAS_PLUGINS_JOB_NOT_FOUND", { id: "x" }, 'There is no job "x".');
  expect(problemOf(unknown)).toMatchObject({
    status: 404,
    code: "ATLAS_PLUGINS_JOB_NOT_FOUND",
    detail: 'There is no job "x".',
  });
});

it("writes a problem in both shapes", () => {
  const problem = problemOf(
    new ProblemError("ATLAS_HTTP_REQUEST_INVALID", "No.", {
      errors: [{ path: "body.model", message: "No." }],
    }),
  );
  const written = problemDocument(problem, { requestId: "r1", shape: "problem" });
  expect(written.type).toBe("application/problem+json");
  expect(JSON.parse(written.text)).toEqual({
    type: "about:blank",
    title: "Bad Request",
    status: 400,
    detail: "No.",
    code: "ATLAS_HTTP_REQUEST_INVALID",
    request_id: "r1",
    errors: [{ path: "body.model", message: "No." }],
  });
  const openai = problemDocument(problem, { requestId: "r1", shape: "openai" });
  expect([openai.type, JSON.parse(openai.text)]).toEqual([
    "application/json",
    {
      error: {
        message: "No.",
        type: "invalid_request_error",
        code: "ATLAS_HTTP_REQUEST_INVALID",
        param: "body.model",
      },
    },
  ]);
});

it("logs a failure once, with the id of the request, and sends a constant text", async () => {
  const errors: { readonly request_id?: string; readonly error?: Error }[] = [];
  const broken = {
    name: "broken",
    routes: () => [
      {
        method: "GET",
        path: "/broken/x",
        handle: () => {
          throw new Error("select * from secrets in /var/lib/atlas.db");
        },
      } as const,
    ],
  };
  const log = { ...silentLogger, error: (fields: object) => void errors.push(fields) };
  const { ask } = await served({}, { extensions: [broken], log });
  const answer = await ask("/broken/x", { headers: { "x-request-id": "r1" } });
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({
    code: "ATLAS_HTTP_FAILED",
    detail: CONSTANT,
    request_id: "r1",
  });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({
    request_id: "r1",
    error: { message: expect.stringContaining("secrets") },
  });
});

it("writes a line for each request, without what a caller sends as values", async () => {
  const lines: object[] = [];
  const log = { ...silentLogger, info: (fields: object) => void lines.push(fields) };
  const { ask } = await served({}, { log });
  await ask("/jobs?workflow_id=canary", { headers: { "x-request-id": "r1" } });
  expect(lines.at(-1)).toEqual({
    method: "GET",
    route: "jobs.list",
    status: 200,
    durationMs: expect.any(Number),
    request_id: "r1",
  });
  await ask("/canary", { headers: { "x-request-id": "r2" } });
  expect(lines.at(-1)).toMatchObject({ route: "none", status: 404, request_id: "r2" });
  expect(JSON.stringify(lines)).not.toContain("canary");
});

it("hands the id of the request to what it leads to", async () => {
  const { ask, gateway } = await served();
  const headers = { "x-request-id": "r1" };
  const created = await ask("/jobs", { method: "POST", body: { workflow_id: "hello.v1" }, headers });
  const { id } = (await created.json()) as { id: string };
  const job = await gateway.repo.getJob(id);
  expect(job?.context).toMatchObject({ actor: "local", correlation_id: "r1" });
  const [event] = (await gateway.repo.listDomainEvents({})).items;
  expect(event?.context).toMatchObject({ correlation_id: "r1" });
});
