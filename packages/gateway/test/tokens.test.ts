import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock, createTestGateway } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { createGateway, isGatewayError, silentLogger } from "../src/index.ts";

it("keeps tokens over a restart, by their hashes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tokens-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const open = () => createGateway({ database: join(folder, "atlas.db"), log: silentLogger });
  const first = await open();
  const { token, record } = await first.tokens.create({ name: "bot", scopes: ["jobs:*", "jobs:*"] });
  expect(record.scopes).toEqual(["jobs:*"]);
  const gone = await first.tokens.create({
    name: "gone",
    scopes: ["*"],
    expires_at: "2200-01-01T01:00:00+01:00",
  });
  expect(gone.record.expires_at).toBe("2200-01-01T00:00:00.000Z");
  const revoked = await first.tokens.revoke(gone.record.id);
  expect(await first.tokens.revoke(gone.record.id)).toEqual(revoked);
  await first.stop();

  const second = await open();
  expect(second.tokens.list()).toEqual([record, revoked]);
  const rows = await second.repo.http.listTokens();
  expect(JSON.stringify(rows)).not.toContain(token);
  // A name is free again once its token was revoked.
  await second.tokens.create({ name: "gone", scopes: ["*"] });
  const taken = await second.tokens.create({ name: "bot", scopes: ["*"] }).catch((error: unknown) => error);
  expect(isGatewayError(taken, "ATLAS_GATEWAY_TOKEN_NAME_TAKEN")).toBe(true);
  const unknown = await second.tokens.revoke("none").catch((error: unknown) => error);
  expect(isGatewayError(unknown, "ATLAS_GATEWAY_TOKEN_NOT_FOUND")).toBe(true);
  const events = await second.repo.listDomainEvents({});
  expect(JSON.stringify(events)).not.toContain("http.token");
  await second.stop();
});

it.each([
  [{ name: "", scopes: ["*"] }, "name must be"],
  [{ name: "a\nb", scopes: ["*"] }, "name must be"],
  [{ name: "x".repeat(101), scopes: ["*"] }, "name must be"],
  [{ name: "x", scopes: [] }, "scopes must be"],
  [{ name: "x", scopes: "*" }, "scopes must be"],
  [{ name: "x", scopes: ["jobs:reed"] }, 'Did you mean "jobs:read"?'],
  [{ name: "x", scopes: ["*:write"] }, "is not a scope"],
  [{ name: "x", scopes: ["*"], expires_at: "tomorrow" }, "expires_at must be"],
  [{ name: "x", scopes: ["*"], expires_at: "2001-01-01T00:00:00Z" }, "expires_at must be"],
  [{ name: "x", scopes: ["*"], expires: "2200-01-01T00:00:00Z" }, '"expires" is not an option'],
])("refuses the token %j", async (request, message) => {
  await using gateway = await createTestGateway({ clock: createFakeClock() });
  await expect(gateway.tokens.create(request as never)).rejects.toThrow(message);
  expect(gateway.tokens.list()).toEqual([]);
});

it("knows the scopes of extensions", async () => {
  await using gateway = await createTestGateway({ extensions: [{ name: "finops" }] });
  expect((await gateway.tokens.create({ name: "x", scopes: ["finops:read"] })).record.scopes).toEqual([
    "finops:read",
  ]);
});

it("gives each name to one of many calls at once", async () => {
  await using gateway = await createTestGateway({ log: silentLogger });
  const calls = Array.from({ length: 10 }, () => gateway.tokens.create({ name: "one", scopes: ["*"] }));
  const ended = await Promise.allSettled(calls);
  expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(gateway.tokens.list()).toHaveLength(1);
});
