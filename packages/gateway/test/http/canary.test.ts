import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { serve } from "../../src/http/index.ts";
import { createGateway } from "../../src/index.ts";

const STATIC = "static-canary-k3v9x0abQWERTZuiopasdfghjkl";

it("writes no token anywhere: not into answers, logs, the database or its log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "canary-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const line = (fields: object, message: string): void => {
    lines.push(
      JSON.stringify(fields, (_, value) => (value instanceof Error ? `${value.stack}` : value)),
      message,
    );
  };
  const gateway = await createGateway({
    database: join(folder, "atlas.db"),
    log: { debug: line, info: line, warn: line, error: line },
    workflows: [{ id: "hello.v1", run: async () => undefined }],
  });
  onTestFinished(() => gateway.stop());
  const server = await serve(gateway, { token: STATIC });
  onTestFinished(() => server.stop());
  const stored = await gateway.tokens.create({ name: "bot", scopes: ["*"] });
  const answers: string[] = [];
  const secrets = [STATIC, server.token, stored.token, `${stored.token}x`];
  for (const token of secrets) {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": "k1",
    };
    for (const [method, path, body] of [
      ["POST", "/jobs", '{"workflow_id":"hello.v1"}'],
      ["POST", "/jobs", '{"workflow_id":'],
      ["POST", "/jobs", '{"workflow_id":"helo.v1"}'],
      ["GET", "/tokens"],
      ["GET", "/nothing"],
      ["DELETE", "/tokens/none"],
      ["GET", "/jobs?limit=many"],
      ["GET", "/status"],
    ] as const) {
      const answer = await fetch(server.url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      answers.push(JSON.stringify([...answer.headers]), await answer.text());
    }
  }
  expect(lines.some((text) => text.includes("jobs.create") || text.includes("Answered"))).toBe(true);
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  expect(files.length).toBeGreaterThan(1);
  const hash = (await gateway.repo.http.listTokens())[0]?.hash ?? "no hash";
  for (const secret of [STATIC, server.token, stored.token]) {
    const spellings = [secret, btoa(secret), encodeURIComponent(secret), secret.slice(0, 24)];
    for (const spelling of spellings) {
      for (const text of [...answers, ...lines, ...files]) expect(text.includes(spelling)).toBe(false);
    }
  }
  for (const text of [...answers, ...lines]) expect(text.includes(hash)).toBe(false);
  const paths = [...answers].filter((text) => text.includes(folder));
  expect(paths).toEqual([]);
});
