import { execFile } from "node:child_process";
import { chmod, lstat, readdir, rm } from "node:fs/promises";

/**
 * Removes a folder or a file, however deep it is and however its permissions are set. It never follows a link.
 */
export async function removeFolder(path: string | Buffer): Promise<void> {
  // An agent may have made paths that are longer than the system takes in one call. `rm` goes down step by step, and it is quicker.
  if (typeof path === "string" && (await removeByProgram(path))) return;
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await openFolders(Buffer.from(path));
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function removeByProgram(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile("/bin/rm", ["-rf", "--", path], { env: {} }, (error) => resolve(error === null));
  });
}

/** Only who may write to a folder can remove what is in it. */
async function openFolders(path: Buffer): Promise<void> {
  if (!(await lstat(path)).isDirectory()) return;
  await chmod(path, 0o700);
  for (const name of await readdir(path, { encoding: "buffer" })) {
    await openFolders(Buffer.concat([path, Buffer.from("/"), name]));
  }
}
