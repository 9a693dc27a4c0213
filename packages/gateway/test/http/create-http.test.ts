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
