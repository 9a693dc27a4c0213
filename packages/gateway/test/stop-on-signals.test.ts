import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { openReadOnly } from "@atlas/core";
import { createTestGateway } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";
import { stopOnSignals } from "../src/index.ts";
import { startHost } from "./support/host-process.ts";

function databaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "signals-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

async function startBusy(options: object) {
  const database = databaseFile();
  const host = startHost("signal-host.ts", { database, ...options });
  for (const line of ["ready", "in job", "in sync", "in sink", "in request"]) await host.printed(line);
  return { host, database };
}

it.each(["SIGTERM", "SIGINT"] as const)(
  "stops with everything in flight on %s, and ends with 0",
  async (signal) => {
    const { host, database } = await startBusy({});
    host.kill(signal);
    expect(await host.ended).toEqual({ code: 0, signal: null });
    expect(host.lines).toContain("answered late");
    const reader = await openReadOnly(database);
    onTestFinished(() => reader.close());
    expect((await reader.repo.getJob("job"))?.status).not.toBe("running");
  },
  30_000,
);

it("ends at once on a second signal, with its number", async () => {
  const { host } = await startBusy({ hangs: true });
  host.kill("SIGTERM");
  // Signals of the same kind that come at once are one.
  host.kill("SIGINT");
  const { code } = await host.ended;
  expect([128 + constants.signals.SIGINT, 128 + constants.signals.SIGTERM]).toContain(code);
}, 30_000);

it("ends with 1 where something does not stop", async () => {
  const { host } = await startBusy({ fails: true });
  host.kill("SIGTERM");
  expect(await host.ended).toEqual({ code: 1, signal: null });
}, 30_000);

it("installs its handlers only when it is called, and removes them when the gateway was stopped otherwise", async () => {
  const counts = () => ["SIGTERM", "SIGINT", "SIGHUP"].map((signal) => process.listenerCount(signal));
  const before = counts();
  const gateway = await createTestGateway({});
  await gateway.start();
  expect(counts()).toEqual(before);
  stopOnSignals(gateway, { signals: ["SIGHUP"] });
  const other = stopOnSignals(gateway);
  expect(counts()).toEqual(before.map((count) => count + 1));
  other();
  await gateway.stop();
  expect(counts()).toEqual(before);
  stopOnSignals(gateway);
  await gateway.stop();
  expect(counts()).toEqual(before);
});

it("refuses signals and options that do not exist", async () => {
  await using gateway = await createTestGateway({});
  expect(() => stopOnSignals(gateway, { signals: ["SIGSTOPP" as NodeJS.Signals] })).toThrow(/SIGSTOPP/);
  expect(() => stopOnSignals(gateway, { signal: [] } as never)).toThrow(/signals/);
});
