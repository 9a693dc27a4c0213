import type { HarnessConflict } from "../../contract/errors.ts";
import { contentId, type FileState, type FoundFile, isSameFile } from "../files/file-state.ts";
import { type PathBytes, pathText } from "../files/path-bytes.ts";
import { applyHunks } from "./apply-hunks.ts";
import { applyBinaryPatch } from "./binary-patch.ts";
import { type FilePatch, invalidDiff } from "./parse-diff.ts";
import { type FilesPlan, placeConflicts } from "./place-conflicts.ts";

/** Works out what each file becomes. Files that are already as the difference wants them stay as they are. */
export function planPatches(
  patches: readonly FilePatch[],
  found: ReadonlyMap<PathBytes, FoundFile>,
): FilesPlan {
  const removed = new Set<PathBytes>();
  const written = new Set<PathBytes>();
  for (const { change, path, from = path } of patches) {
    if (change === "deleted" || change === "renamed") once(removed, from);
    if (change !== "deleted") once(written, path);
  }
  const conflicts: HarnessConflict[] = [];
  const after = new Map<PathBytes, FileState | "absent">();
  for (const patch of patches) {
    const { change, path, from = path } = patch;
    const at = (where: PathBytes): FoundFile => found.get(where) ?? "absent";
    if (isDone(patch, at(from), at(path))) continue;
    const result = change === "added" ? newContent(patch) : changedContent(patch, at(from));
    if (Array.isArray(result)) {
      conflicts.push(...result);
      continue;
    }
    if (change !== "added" && !written.has(from)) after.set(from, "absent");
    if (change === "deleted") continue;
    if (path !== from || change === "added") {
      // What is there may be on its way out, such as a file that becomes a link.
      if (typeof at(path) !== "string" && !removed.has(path)) {
        conflicts.push({ path: pathText(path), reason: "There is another file already." });
        continue;
      }
    }
    after.set(path, result);
  }
  refusePathsThroughFiles([...written]);
  const files = [...after]
    .map(([path, state]) => ({ path, before: found.get(path) ?? "absent", after: state }))
    .filter(({ before, after: state }) => !isSameFile(before, state));
  return { files, conflicts: [...conflicts, ...placeConflicts(files)] };
}

function once(paths: Set<PathBytes>, path: PathBytes): void {
  if (paths.has(path)) throw invalidDiff(`the file "${pathText(path)}" has two parts`);
  paths.add(path);
}

/** A difference that is applied again after a crash finds files that it has changed already. */
function isDone({ change, newId, newMode }: FilePatch, source: FoundFile, target: FoundFile): boolean {
  if (change === "deleted") return source === "absent";
  if (typeof target === "string" || newId === undefined) return false;
  if (change === "renamed" && source !== "absent") return false;
  return hasId(target.content, newId) && (newMode === undefined || newMode === target.mode);
}

function newContent(patch: FilePatch): FileState {
  const { hunks, binary, newId, newMode = "100644", path } = patch;
  if (hunks.length > 1) throw invalidDiff(`the new file "${pathText(path)}" has several hunks`);
  const before = Buffer.alloc(0);
  if (hunks[0]?.before.length) throw invalidDiff(`the new file "${pathText(path)}" has old lines`);
  const text = Buffer.from(hunks[0]?.after.join("") ?? "", "latin1");
  const content = binary === undefined ? text : patched(patch, before, binary);
  checkId(patch, content, newId);
  return { mode: newMode, content };
}

function changedContent(patch: FilePatch, current: FoundFile): FileState | HarnessConflict[] {
  const { change, path, from = path, hunks, binary, oldId, newId, oldMode, newMode } = patch;
  const conflict = (reason: string): HarnessConflict[] => [{ path: pathText(from), reason }];
  if (current === "absent") return conflict("The file does not exist any more.");
  if (typeof current === "string") return conflict(`It is ${words[current]}.`);
  if (oldMode !== undefined && (oldMode === "120000") !== (current.mode === "120000")) {
    return conflict("It was a link and is a file, or the other way round.");
  }
  const isSame = oldId !== undefined && hasId(current.content, oldId);
  let content = current.content;
  if (binary !== undefined) {
    if (!isSame) return conflict("The binary file has changed.");
    content = patched(patch, content, binary);
  } else if (hunks.length > 0) {
    const result = applyHunks(content.toString("latin1"), hunks, isSame);
    if ("misfits" in result) return result.misfits.map((misfit) => ({ path: pathText(from), ...misfit }));
    content = Buffer.from(result.text, "latin1");
  }
  if (isSame) checkId(patch, content, newId);
  if (change === "deleted" && content.length > 0) return conflict("The file has changed.");
  const changesMode = newMode !== undefined && newMode !== oldMode;
  return { mode: changesMode ? newMode : current.mode, content };
}

const words = {
  folder: "a folder",
  "below a file": "below a file",
  "below a link": "below a link, which is not followed",
  "no regular file": "a socket, a pipe or a device",
} as const;

function patched({ path }: FilePatch, before: Buffer, binary: NonNullable<FilePatch["binary"]>): Buffer {
  try {
    return applyBinaryPatch(before, binary);
  } catch (error) {
    throw invalidDiff(
      `for "${pathText(path)}", ${error instanceof Error ? error.message : "a binary patch is broken"}`,
    );
  }
}

function checkId({ path, change }: FilePatch, content: Buffer, id: string | undefined): void {
  if (id === undefined || change === "deleted" || hasId(content, id)) return;
  throw invalidDiff(`the part of "${pathText(path)}" does not lead to the content that it names`);
}

function hasId(content: Buffer, id: string): boolean {
  return contentId(content, id.length === 64 ? "sha256" : "sha1") === id;
}

/** A difference could make a link and write through it. */
function refusePathsThroughFiles(paths: readonly PathBytes[]): void {
  const all = new Set(paths);
  for (const path of paths) {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
      if (!all.has(path.slice(0, end))) continue;
      throw invalidDiff(`"${pathText(path)}" lies below "${pathText(path.slice(0, end))}", which is a file`);
    }
  }
}
