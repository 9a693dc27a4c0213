import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HarnessHost } from "../contract/driver.ts";
import { withoutControls } from "./text-tail.ts";

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 4_096;
const LONGEST_VERSION = 100;

/** Asks a program for its version; `undefined` if it does not say, because one that works without is there all the same. */
export async function versionOf(
  program: {
    readonly harness: string;
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  },
  { processes, filesDir = tmpdir() }: HarnessHost,
): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  // An empty folder: what it finds where it runs must not change what it says.
  await mkdir(filesDir, { recursive: true, mode: 0o700 });
  const cwd = await mkdtemp(join(filesDir, `atlas-run-${process.pid}-`));
  try {
    const end = await processes.run({
      ...program,
      runId: randomUUID(),
      cwd,
      timeoutMs: TIMEOUT_MS,
      maxOutputBytes: MOST_BYTES,
      onOutput: (stream, bytes) => {
        if (stream === "stdout") pieces.push(bytes);
      },
    });
    if (end.exitCode !== 0) return undefined;
    const line = withoutControls(Buffer.concat(pieces).toString("utf8"))
      .split("\n")
      .find((one) => one.trim() !== "");
    return line?.trim().slice(0, LONGEST_VERSION).toWellFormed();
  } catch {
    return undefined;
  } finally {
    await rm(cwd, { recursive: true, force: true }).catch(() => undefined);
  }
}
