import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestGateway } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { createHttp } from "../../src/http/index.ts";
import type { Gateway } from "../../src/index.ts";

const TOKEN = "0123456789abcdefghijklmnopqrstuv";

function sender(gateway: Gateway) {
  const http = createHttp(gateway, { token: TOKEN });
  return (method: string, path: string, body?: object) =>
    http.fetch(
      new Request(`http://127.0.0.1${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
}

it("makes a backup over HTTP, and says nothing of where it is", async () => {
  const folder = mkdtempSync(join(tmpdir(), "operations-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await using gateway = await createTestGateway({ backups: { folder } });
  const response = await sender(gateway)("POST", "/maintenance/backups", {});
  expect(response.status).toBe(201);
  const text = await response.text();
  expect(text).not.toContain(folder);
  expect(JSON.parse(text)).toEqual((await gateway.backups?.list())?.[0]);
});

it("answers 409 where the host has no folder for backups", async () => {
  await using gateway = await createTestGateway({});
  const response = await sender(gateway)("POST", "/maintenance/backups", {});
  expect([response.status, await response.json()]).toMatchObject([409, { code: "ATLAS_HTTP_CONFLICT" }]);
});

it("adds the figures of requests to those of the gateway", async () => {
  await using gateway = await createTestGateway({});
  const send = sender(gateway);
  await send("GET", "/jobs/nobody");
  await send("GET", "/nowhere");
  const page = await (await send("GET", "/metrics")).text();
  expect(page).toMatch(/^atlas_store_queue_commands 0$/m);
  expect(page).toContain('atlas_http_requests_total{method="GET",route="/jobs/{id}",status="404"} 1\n');
  expect(page).toContain('atlas_http_requests_total{method="GET",route="none",status="404"} 1\n');
  expect(page).toContain("atlas_http_streams_open 0\n");
});
