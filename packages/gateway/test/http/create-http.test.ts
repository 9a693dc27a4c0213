import { createTestGateway } from "@atlas/testing";
import { expect, it } from "vitest";
import { createHttp } from "../../src/http/index.ts";

const TOKEN = "t".repeat(32);
const workflow = { id: "hello.v1", run: async () => undefined };

it("creates a job, and reads it", async () => {
  await using gateway = await createTestGateway({ workflows: [workflow] });
  const http = createHttp(gateway, { token: TOKEN });
  const send = (path: string, init: RequestInit = {}) =>
    http.fetch(
      new Request(`http://localhost${path}`, {
        ...init,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      }),
    );

  const created = await send("/jobs", { method: "POST", body: JSON.stringify({ workflow_id: "hello.v1" }) });
  expect(created.status).toBe(201);
  const { id } = (await created.json()) as { id: string };
  expect(created.headers.get("location")).toBe(`/jobs/${id}`);
  expect(await (await send(`/jobs/${id}`)).json()).toMatchObject({ id, workflow_id: "hello.v1" });

  const wrong = await send("/jobs", { method: "POST", body: JSON.stringify({ workflow_id: "helo.v1" }) });
  expect(await wrong.json()).toMatchObject({ status: 404, code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN" });
  const misspelt = await send("/jobs", { method: "POST", body: JSON.stringify({ workflow: "hello.v1" }) });
  expect(await misspelt.json()).toMatchObject({ status: 400, errors: [{ path: "body.workflow" }] });
});

it("mounts below a path", async () => {
  await using gateway = await createTestGateway({ workflows: [workflow] });
  const http = createHttp(gateway, { basePath: "/atlas" });
  const status = async (path: string) => (await http.fetch(new Request(`http://localhost${path}`))).status;
  expect(await status("/atlas/health")).toBe(200);
  expect(await status("/health")).toBe(404);
  expect(await status("/atlashealth")).toBe(404);
  const unknown = await http.fetch(new Request("http://localhost/atlas/helth"));
  expect(await unknown.json()).toMatchObject({ detail: expect.stringContaining('"/health"') });
});

it("refuses an extension whose routes would hide Atlas's own", async () => {
  const jobs = {
    name: "jobs",
    routes: () => [{ method: "GET", path: "/jobs/mine", handle: () => new Response("") } as const],
  };
  await using gateway = await createTestGateway({ extensions: [jobs] });
  expect(() => createHttp(gateway)).toThrow('the extension "jobs" has routes under "/jobs"');
});
