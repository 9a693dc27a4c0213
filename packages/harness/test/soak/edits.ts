import { createRandom } from "../../../../test/support/random.ts";

/** The files below a folder, as far as an agent of the soak uses them. A path has no file and no folder before it is written. */
export interface EditedFiles {
  /** The paths of all files and links below a folder, in order. */
  list(folder: string): readonly string[];
  /** Undefined where there is no file. */
  read(path: string): string | undefined;
  write(path: string, content: string, options?: { readonly executable: boolean }): void;
  link(path: string, target: string): void;
  move(from: string, to: string): void;
  /** Removes a file, a link, or a folder with all that is in it. */
  remove(path: string): void;
}

/** The file to which each run adds a line: its lines tell which runs were applied, and in which order. */
export const LEDGER = "ledger.txt";

/**
 * What the agent of a run does to the files, step by step. The same run does the same to the same files, so that a model of them can follow.
 */
export function* edit(
  files: EditedFiles,
  { run, seed }: { readonly run: number; readonly seed: number },
): Generator<void> {
  const random = createRandom(seed);
  files.write(`runs/${run}/note.txt`, `The note of run ${run}: ${random.below(2 ** 31)}\n`);
  yield;
  files.write("data.bin", String.fromCharCode(...Array.from({ length: 200 }, () => random.below(256))));
  yield;
  const slots = files.list("slots");
  const slot = slots[random.below(slots.length)];
  if (slot !== undefined) files.move(slot, `slots/by-${run}`);
  yield;
  const gone = slots[random.below(slots.length)];
  if (gone !== undefined && gone !== slot) files.remove(gone);
  files.write(`slots/new-${run}`, `${"A line that renames are found by.\n".repeat(5)}${run}\n`);
  yield;
  files.write("tool.sh", `#!/bin/sh\necho ${run}\n`, { executable: random.chance(50) });
  yield;
  // A file becomes a folder, and a folder a file.
  const isFile = files.read("turn") !== undefined;
  files.remove("turn");
  if (isFile) files.write(`turn/${run}/deep.txt`, "deep\n");
  else files.write("turn", `flat ${run}\n`);
  yield;
  files.remove("latest");
  files.link("latest", `runs/${run}/note.txt`);
  yield;
  files.write(`ignored/${run}.log`, "Nobody is to see this.\n");
  files.write(LEDGER, `${files.read(LEDGER) ?? ""}run ${run}\n`);
  yield;
  files.write(`runs/${run}/end with "quotes" and\nlines ä.txt`, "end\n");
}
