import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { openRaw } from "../../../../test/support/test-driver.ts";

/** True while a file that is being filled for a name that begins so holds something. */
export function isHalfWritten(whole: string): boolean {
  return readdirSync(dirname(whole)).some(
    (file) =>
      file.startsWith(basename(whole)) &&
      file.endsWith(".partial") &&
      (statSync(join(dirname(whole), file), { throwIfNoEntry: false })?.size ?? 0) > 0,
  );
}

/** True while a past state is being rebuilt in a temporary folder of this process, whose `TMPDIR` must be its own. */
export function isRebuilding(): boolean {
  const temporary = process.env["TMPDIR"] ?? "";
  return readdirSync(temporary).some((folder) =>
    ["replay.db", "past.db"].some((file) => existsSync(join(temporary, folder, file))),
  );
}

/** True when the last command that was committed is one of a prune. */
export function isPruneCommitted(database: string): boolean {
  const reader = openRaw(database, { readonly: true });
  const last = reader.prepare("select type from journal order by seq desc limit 1").pluck().get();
  reader.close();
  return last === "maintenance.prune";
}

/** Runs `work`, and calls `strike` as soon as it is in the middle. Resolves with the result of the work if it never was. */
export async function strikeInTheMiddle<Result>(
  work: () => Promise<Result>,
  { isInTheMiddle, strike }: { readonly isInTheMiddle: () => boolean; readonly strike: () => void },
): Promise<Result> {
  let isDone = false;
  const working = work().finally(() => {
    isDone = true;
  });
  working.catch(() => undefined);
  for (; !isDone; await turn()) if (isInTheMiddle()) strike();
  return working;
}
