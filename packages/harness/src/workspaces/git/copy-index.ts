import { copyFile, stat, utimes } from "node:fs/promises";

/**
 * Copies an index. `false` if there is none. The copy is not younger than the original: git compares the content of a file again if it
 * may have changed after the index was written, and a younger index would make it trust the time and the size alone.
 */
export async function copyIndex(from: string, to: string): Promise<boolean> {
  let writtenAt: number;
  try {
    writtenAt = Math.floor((await stat(from)).mtimeMs / 1000);
    await copyFile(from, to);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
  await utimes(to, writtenAt, writtenAt);
  return true;
}
