import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { Logger } from "../../src/index.ts";
import { lab } from "../support/lab.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const SECRET = "sk-live-0123456789";

it("keeps what a refused command was and why, but not what it held", async () => {
  const store = await openStore({ clock: createFakeClock("2026-11-21T09:00:00.000Z") });
  const artifact = { title: SECRET, content_md: SECRET };
  await rejection(
    store.commands.enqueue(
      { type: "artifact.update", id: "a1", patch: artifact },
      { actor: "workflow:digest" },
    ),
  );
  expect(await store.repo.listRefusedCommands()).toEqual({
    items: [
      {
        seq: 1,
        refused_at: "2026-11-21T09:00:00.000Z",
        type: "artifact.update",
        actor: "workflow:digest",
        code: "ATLAS_CORE_NOT_FOUND",
        message: 'There is no artifact "a1".',
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ],
  });
  expect(JSON.stringify(readRows(store.path, "select * from refused_commands"))).not.toContain(SECRET);
});

it("keeps a command that was refused at the door with the next batch", async () => {
  const store = await openStore();
  await rejection(
    store.commands.enqueue({ type: "entity.upsert", entity: { type: "" } }, { actor: "source:git" }),
  );
  await store.flush();
  const { items } = await store.repo.listRefusedCommands();
  expect(items).toEqual([
    expect.objectContaining({
      type: "entity.upsert",
      actor: "source:git",
      code: "ATLAS_CORE_COMMAND_INVALID",
    }),
  ]);
});

it("keeps a note for each command of a refused unit", async () => {
  const store = await openStore({ modules: [lab] });
  await rejection(
    store.commands.enqueueAll([
      { type: "lab.put", id: "a" },
      { type: "lab.refuse", id: "none" },
    ]),
  );
  const { items } = await store.repo.listRefusedCommands();
  expect(items.map(({ type, code }) => [type, code])).toEqual([
    ["lab.put", "LAB_NO_ROW"],
    ["lab.refuse", "LAB_NO_ROW"],
  ]);
});

it("gives two refusals of one content one fingerprint", async () => {
  const store = await openStore({ modules: [lab] });
  for (const id of ["same", "same", "other"]) {
    await rejection(store.commands.enqueue({ type: "lab.refuse", id }));
  }
  const fingerprints = (await store.repo.listRefusedCommands()).items.map(({ fingerprint }) => fingerprint);
  expect(fingerprints[0]).toBe(fingerprints[1]);
  expect(fingerprints[0]).not.toBe(fingerprints[2]);
});

it("keeps the last 10,000 refusals", async () => {
  const store = await openStore({ modules: [lab] });
  for (let round = 0; round < 11; round += 1) {
    const refused = Array.from({ length: 950 }, () =>
      rejection(store.commands.enqueue({ type: "lab.refuse", id: "x" })),
    );
    await Promise.all(refused);
  }
  expect(countRows(store.path, "refused_commands")).toBe(10_000);
  expect(readValue(store.path, "select max(seq) from refused_commands")).toBe(10_450);
});

it("logs a refusal, at the door and in a batch, with its code and without its content", async () => {
  const lines: (readonly [object, string])[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => void lines.push([fields, message]),
    error: () => undefined,
  };
  const store = await openStore({ log, modules: [lab] });
  await rejection(store.commands.enqueue({ type: "entity.upsert", entity: { type: "", title: SECRET } }));
  await rejection(store.commands.enqueue({ type: "artifact.update", id: "a1", patch: { title: SECRET } }));
  expect(lines.map(([fields]) => fields)).toEqual([
    expect.objectContaining({ code: "ATLAS_CORE_COMMAND_INVALID" }),
    expect.objectContaining({ code: "ATLAS_CORE_NOT_FOUND", types: ["artifact.update"], actor: "host" }),
  ]);
  expect(JSON.stringify(lines)).not.toContain(SECRET);
});
