import { constants } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RecordedFile } from "./recorded-run.ts";

/** The files of a folder at one moment: by path, what the system says about each. */
export type FolderState = ReadonlyMap<string, string>;

const MOST_FILES = 50_000;
const MOST_BYTES = 16 * 1_048_576;

/** Notes the files of a folder, without those of git. Throws an `Error` for more than 50,000. */
export async function folderState(folder: string): Promise<FolderState> {
  const state = new Map<string, string>();
  const folders = [""];
  for (let below = folders.pop(); below !== undefined; below = folders.pop()) {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== ".git") folders.push(path);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        const { ino, size, mtimeNs, ctimeNs, mode } = await lstat(join(folder, path), { bigint: true });
        state.set(path, [ino, size, mtimeNs, ctimeNs, mode].join(" "));
      }
      if (state.size > MOST_FILES) throw new Error(`it holds more than ${MOST_FILES} files`);
    }
  }
  return state;
}

/** What has changed in a folder since `before`. Throws an `Error` for more than 16 MiB. */
export async function changedFiles(
  folder: string,
  before: FolderState,
  clean: (text: string) => string,
): Promise<readonly RecordedFile[]> {
  const after = await folderState(folder);
  const files: RecordedFile[] = [];
  let bytes = 0;
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    if (before.get(path) === after.get(path)) continue;
    if (!after.has(path)) {
      files.push({ path, deleted: true });
      continue;
    }
    const { size } = await lstat(join(folder, path));
    bytes += size;
    if (bytes > MOST_BYTES) throw new Error("the agent has written more than 16 MiB");
    files.push(await recordedFile(folder, path, clean));
  }
  return files;
}

async function recordedFile(
  folder: string,
  path: string,
  clean: (text: string) => string,
): Promise<RecordedFile> {
  const whole = join(folder, path);
  const stats = await lstat(whole);
  if (stats.isSymbolicLink()) return { path, link: await readlink(whole) };
  const file = await open(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const content = await file.readFile();
    const text = content.toString("utf8");
    const executable = (stats.mode & constants.S_IXUSR) === 0 ? {} : ({ executable: true } as const);
    if (!Buffer.from(text).equals(content))
      return { path, base64: content.toString("base64"), ...executable };
    return { path, text: clean(text), ...executable };
  } finally {
    await file.close();
  }
}

/** Makes recorded changes in a folder. No path of theirs leads out of it. */
export async function applyFiles(
  folder: string,
  files: readonly RecordedFile[],
  fill: (text: string) => string,
): Promise<void> {
  const root = await realpath(folder);
  for (const file of files) {
    const path = join(root, file.path);
    await mkdir(dirname(path), { recursive: true });
    const parent = await realpath(dirname(path));
    if (parent !== root && !parent.startsWith(`${root}/`)) {
      throw new Error(`"${file.path}" of the cassette leads out of the folder through a link`);
    }
    await rm(path, { recursive: true, force: true });
    if ("deleted" in file) continue;
    if ("link" in file) {
      await symlink(file.link, path);
      continue;
    }
    const content = "text" in file ? fill(file.text) : Buffer.from(file.base64, "base64");
    await writeFile(path, content, { flag: "wx" });
    if (file.executable === true) await chmod(path, 0o755);
  }
}
