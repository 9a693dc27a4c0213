import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReadOnly } from "@atlas/core";
import { pluginsModule } from "@atlas/plugins";
import { describe, expect, it, onTestFinished } from "vitest";
import { testDriver } from "../../../test/support/test-driver.ts";
import type { PluginHostOptions } from "./fixtures/plugin-host.ts";
import { startHost } from "./support/host-process.ts";

// Starting a process takes a second or more on a busy machine.
const LONG = { timeout: 60_000 };

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

async function read<Found>(
  database: string,
  look: (repo: Awaited<ReturnType<typeof open>>["repo"]) => Promise<Found>,
): Promise<Found> {
  const store = await open(database);
  try {
    return await look(store.repo);
  } finally {
    store.close();
  }
}

const open = (database: string) => openReadOnly(database, { modules: [pluginsModule], driver: testDriver });
const host = (options: PluginHostOptions, flags?: readonly string[]) =>
  startHost("plugin-host.ts", options, flags);

describe("a process that is killed", LONG, () => {
  it("in the middle of a job leaves it to the next one, which pays for no finished step again", async () => {
    const database = temporaryDatabase();
    const first = host({ database, workflow: "hangs", create: { id: "j1", max_attempts: 1 } });
    await first.printed("in the middle");
    first.kill();
    await first.ended;
    expect(await read(database, (repo) => repo.getJob("j1"))).toMatchObject({
      status: "running",
      attempt: 1,
    });

    const second = host({ database, workflow: "finishes", create: { id: "j1" } });
    expect(await second.printed("over")).toBe("over succeeded 2");
    expect([...first.lines, ...second.lines].filter((line) => line === "paid")).toHaveLength(1);
    // The crash counts for no attempt, and the artifact is one.
    expect(second.lines).toContain("begun j1 1");
    second.kill("SIGTERM");
    await second.ended;
    const { items } = await read(database, (repo) => repo.findArtifacts({ job_id: "j1" }));
    expect(items.map(({ id }) => id)).toEqual(["j1:artifact:1"]);
    expect(await read(database, (repo) => repo.plugins.listJobSteps("j1"))).toEqual([]);
  });

  it("after a sink had an event, before that was noted, brings the same event again", async () => {
    const database = temporaryDatabase();
    const first = host({ database, sink: "kills" });
    const handled = await first.printed("handled");
    await first.ended;
    const second = host({ database });
    // The same id, and the first attempt again: nothing of the first one was stored.
    expect(await second.printed("handled")).toBe(handled);
    second.kill("SIGTERM");
    await second.ended;
    const third = host({ database });
    await third.printed("ready");
    third.kill("SIGTERM");
    await third.ended;
    expect(third.lines.filter((line) => line.startsWith("handled"))).toEqual([]);
  });
});

describe("a plugin that ends the process", LONG, () => {
  it.each([
    ["by process.exit", "exits", []],
    ["by a rejection that nobody sees", "rejects unseen", []],
    ["by a timer that throws", "throws in a timer", []],
    ["by an emitter's error that nobody listens to", "emits an unheard error", []],
    ["by taking all memory", "out of memory", ["--max-old-space-size=64"]],
  ] as const)(
    "%s loses nothing that was acknowledged, and its job is not run for ever",
    async (_, workflow, flags) => {
      const database = temporaryDatabase();
      for (let start = 1; start <= 3; start += 1) {
        const crashed = host({ database, workflow, create: { id: "j1" } }, flags);
        await crashed.ended;
        expect(crashed.lines).toContain("begun j1 1");
      }
      const last = host({ database, workflow, create: { id: "j1" } }, flags);
      expect(await last.printed("over")).toBe("over failed 3");
      last.kill("SIGTERM");
      await last.ended;
      const job = await read(database, (repo) => repo.getJob("j1"));
      expect(job).toMatchObject({ status: "failed", error: { code: "ATLAS_PLUGINS_CRASH_LOOP" } });
      expect(await read(database, (repo) => repo.getArtifact("j1:artifact:1"))).toBeDefined();
    },
  );

  it("by a loop without end, for which somebody kills it, is treated the same", async () => {
    const database = temporaryDatabase();
    for (let start = 1; start <= 3; start += 1) {
      const looping = host({ database, workflow: "loops", create: { id: "j1" } });
      await looping.printed("in the middle");
      // It cannot hear this: its event loop has no turn.
      looping.kill("SIGTERM");
      looping.kill("SIGKILL");
      expect((await looping.ended).signal).toBe("SIGKILL");
    }
    const last = host({ database, workflow: "loops", create: { id: "j1" } });
    expect(await last.printed("over")).toBe("over failed 3");
    last.kill("SIGTERM");
    await last.ended;
    expect(await read(database, (repo) => repo.getJob("j1"))).toMatchObject({
      error: { code: "ATLAS_PLUGINS_CRASH_LOOP" },
    });
  });
});

describe("a process that is asked to end", LONG, () => {
  it.each(["starts until it is told to stop", "never starts"] as const)(
    "during its start, by an extension that %s, ends well, begins no job, and leaves all to the next one",
    async (extension) => {
      const database = temporaryDatabase();
      const asked = host({ database, workflow: "finishes", extension, create: { id: "j1" }, graceMs: 200 });
      await asked.printed("starting");
      asked.kill("SIGTERM");
      asked.kill("SIGTERM");
      expect(await asked.ended).toEqual({ code: 0, signal: null });
      expect(asked.lines.at(-1)).toBe("stopped");
      expect(asked.lines.filter((line) => line.startsWith("begun"))).toEqual([]);
      const job = await read(database, (repo) => repo.getJob("j1"));
      expect(job).toMatchObject({ status: "queued", attempt: 0 });

      const next = host({ database, workflow: "finishes", create: { id: "j1" } });
      expect(await next.printed("over")).toBe("over succeeded 1");
      next.kill("SIGTERM");
      await next.ended;
    },
  );

  it("ends soon with a hanging job and a busy producer, twice asked, and keeps all that it acknowledged", async () => {
    const database = temporaryDatabase();
    const asked = host({
      database,
      workflow: "hangs",
      create: { id: "j1" },
      produces: true,
      graceMs: 200,
    });
    await asked.printed("in the middle");
    await asked.printed("acknowledged");
    asked.kill("SIGTERM");
    asked.kill("SIGTERM");
    expect(await asked.ended).toEqual({ code: 0, signal: null });
    expect(asked.lines.at(-1)).toBe("stopped");
    const acknowledged = asked.lines.filter((line) => line.startsWith("acknowledged"));
    for (const line of acknowledged) {
      const id = line.split(" ")[1] ?? "";
      expect(await read(database, (repo) => repo.getEntity(id))).toBeDefined();
    }
    const job = await read(database, (repo) => repo.getJob("j1"));
    expect(job).toMatchObject({ status: "queued", attempt: 1 });
  });

  it("ends with a source, a job and a sink that hang together, deploy after deploy, and counts none as a crash", async () => {
    const database = temporaryDatabase();
    for (let deploy = 1; deploy <= 4; deploy += 1) {
      const asked = host({
        database,
        workflow: "hangs",
        source: "hangs",
        sink: "hangs",
        create: { id: "j1", max_attempts: 1 },
        graceMs: 400,
      });
      await asked.printed("in the middle");
      await asked.printed("syncing");
      await asked.printed("handled");
      asked.kill("SIGTERM");
      expect(await asked.ended).toEqual({ code: 0, signal: null });
      expect(asked.lines.at(-1)).toBe("stopped");
      const job = await read(database, (repo) => repo.getJob("j1"));
      expect(job).toMatchObject({ status: "queued", attempt: deploy });
    }
  });
});
