// Runs before each test file of every project: a file that leaves a handle, a process or a file behind fails.
import { randomUUID } from "node:crypto";
import { mkdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// Opens this process's own standard streams, as any library that imports it would: that is no leak.
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { holdings, leaksSince } from "./leaks.ts";

// Files of a project run one after the other in the same process. This is what the first of them found there, and how many timers
// the earlier ones left.
const shared = globalThis as typeof globalThis & { atlasTests?: { readonly folder: string; timers: number } };
shared.atlasTests ??= { folder: realpathSync(tmpdir()), timers: 0 };
const earlier = shared.atlasTests;

// Each file has a temporary folder of its own and stands in it, so that what it leaves there is surely its own, whatever
// runs beside it. Whoever needs a place in the checkout names it from `import.meta.dirname`.
const home = process.cwd();
const folder = join(earlier.folder, `atlas-test-${randomUUID()}`);
for (const name of ["TMPDIR", "TMP", "TEMP"]) process.env[name] = folder;

// What was closed may need some turns of the event loop until it is gone, and vitest itself holds a timer for up to 100 ms. Looks are
// counted and not time: on a busy machine all of it may pass between two of them.
const LOOKS = 100;
const PAUSE_MS = 5;

const isTimer = (kind: string): boolean => kind === "Timeout";
const found = holdings(folder);
// Another timer that runs already is vitest's. It ends by itself, and must not stand for one that the file leaves.
const left = found.handles.filter(isTimer).slice(0, earlier.timers);
const before = { ...found, handles: [...found.handles.filter((kind) => !isTimer(kind)), ...left] };

// Made here and not above: no hook runs in a file whose tests are all skipped, and then nobody would remove it.
beforeAll(() => {
  mkdirSync(folder);
  process.chdir(folder);
});

// Registered first, so it runs last: after the file's own afterAll.
afterAll(async () => {
  let leaks = leaksSince(before, holdings(folder));
  for (let look = 1; leaks.length > 0 && look < LOOKS; look += 1) {
    await setTimeout(PAUSE_MS, undefined, { ref: false });
    leaks = leaksSince(before, holdings(folder));
  }
  earlier.timers = holdings(folder).handles.filter(isTimer).length;
  for (const pid of holdings(folder).processes.filter((pid) => !before.processes.includes(pid))) end(pid);
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
  if (leaks.length > 0) {
    throw new Error(
      `The file left ${leaks.join(", ")} behind. A test closes, ends and removes what it opens.`,
    );
  }
});

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
