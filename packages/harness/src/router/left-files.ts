import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes the files of runs whose gateway is gone. Resolves with how many folders that were. */
export async function removeLeftFiles(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => {
    const owner = /^atlas-run-(\d+)-/.exec(name)?.[1];
    return owner !== undefined && !isAlive(Number(owner));
  });
  await Promise.all(
    left.map((name) => rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)),
  );
  return left.length;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive, too.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
