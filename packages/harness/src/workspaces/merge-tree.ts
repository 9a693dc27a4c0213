import type { HarnessConflict } from "../contract/errors.ts";
import type { Baseline } from "./baseline.ts";
import {
  contentId,
  type FileMode,
  type FileState,
  type FoundFile,
  isSameFile,
  readState,
} from "./files/file-state.ts";
import { type PathBytes, pathText, splitAtNul } from "./files/path-bytes.ts";
import { conflictError, type PlannedFile, writeFiles } from "./files/write-files.ts";
import type { Git } from "./git/git.ts";
import { applyHunks } from "./patch/apply-hunks.ts";
import { parseDiff } from "./patch/parse-diff.ts";
import { placeConflicts } from "./patch/place-conflicts.ts";

interface TreeChange {
  readonly path: PathBytes;
  readonly before: TreeEntry | undefined;
  readonly after: TreeEntry | undefined;
}

interface TreeEntry {
  readonly mode: string;
  readonly id: string;
}

/**
 * Brings the files of a folder from one tree to another. Files that the two trees share may have changed meanwhile; those that differ must be
 * as the first tree has them.
 */
export async function mergeTree(options: {
  readonly git: Git;
  readonly baseline: Baseline;
  /** The folder whose files are changed. */
  readonly root: string;
  readonly from: string;
  readonly to: string;
  /** The tree in which the files that a sparse checkout leaves out stand for files that are not there. */
  readonly sparse: "from" | "to";
  /** A file that exists while the change is half done. */
  readonly journal: string;
}): Promise<void> {
  const { git, baseline, root, from, to, sparse, journal } = options;
  const { folder, leftOut } = baseline;
  const call = { cwd: root, gitDir: folder.path };
  const args = ["diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev"];
  const { stdout } = await git({ ...call, args: [...args, from, to] });
  const changes = parseChanges(splitAtNul(stdout));
  const contents = await readContents();
  const checksMode = folder.settings.get("core.filemode") !== "false";

  const files: PlannedFile[] = [];
  const conflicts: HarnessConflict[] = [];
  for (const { path, before, after } of changes) {
    const found = await readState(root, path);
    const isLeftOut = leftOut.has(path);
    const wanted = after === undefined || (isLeftOut && sparse === "to") ? "absent" : stateOf(after);
    if (isSameFile(found, wanted)) continue;
    const expected = isLeftOut && sparse === "from" ? undefined : before;
    if (isExpected(found, expected)) files.push({ path, before: found, after: wanted });
    else if (expected === undefined)
      conflicts.push({ path: pathText(path), reason: "There is another file already." });
    else conflicts.push(...(await conflictsOf(path, found)));
  }
  conflicts.push(...placeConflicts(files));
  if (conflicts.length > 0) throw conflictError(root, conflicts);
  await writeFiles(root, files, journal);

  function stateOf({ mode, id }: TreeEntry): FileState {
    const content = contents.get(id);
    if (content === undefined) throw new Error(`The content "${id}" is missing.`);
    // Sound: other modes are those of submodules, which never differ between the trees.
    return { mode: mode as FileMode, content };
  }

  function isExpected(found: FoundFile, expected: TreeEntry | undefined): boolean {
    if (expected === undefined) return typeof found === "string";
    if (typeof found === "string") return false;
    const isSameKind = (found.mode === "120000") === (expected.mode === "120000");
    return (
      isSameKind &&
      (!checksMode || found.mode === expected.mode) &&
      contentId(found.content, folder.objectFormat) === expected.id
    );
  }

  /** Each hunk that does not fit, or the file as a whole if all of them would. */
  async function conflictsOf(path: PathBytes, found: FoundFile): Promise<readonly HarnessConflict[]> {
    const name = pathText(path);
    if (found === "absent") return [{ path: name, reason: "The file was deleted meanwhile." }];
    if (typeof found === "string") return [{ path: name, reason: "The file was replaced meanwhile." }];
    const patch = await git({
      ...call,
      args: [
        "diff-tree",
        "-r",
        "--patch",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        "--full-index",
        "--binary",
        from,
        to,
        "--",
        pathText(path),
      ],
    }).catch(() => undefined);
    const hunks =
      patch === undefined ? [] : parseDiff(patch.stdout.toString("latin1")).flatMap((part) => part.hunks);
    const result = applyHunks(found.content.toString("latin1"), hunks, false);
    if ("misfits" in result) return result.misfits.map((misfit) => ({ path: name, ...misfit }));
    return [{ path: name, reason: "The file was changed meanwhile." }];
  }

  async function readContents(): Promise<ReadonlyMap<string, Buffer>> {
    const ids = [...new Set(changes.flatMap(({ after }) => (after === undefined ? [] : [after.id])))];
    if (ids.length === 0) return new Map();
    const batch = await git({
      ...call,
      args: ["cat-file", "--batch"],
      input: Buffer.from(`${ids.join("\n")}\n`),
    });
    return parseBatch(batch.stdout);
  }
}

/** Reads entries such as ":100644 100644 <id> <id> M", each followed by a path. */
function parseChanges(fields: readonly string[]): readonly TreeChange[] {
  const changes: TreeChange[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [oldMode = "", newMode = "", oldId = "", newId = ""] = (fields[at] ?? "").slice(1).split(" ");
    changes.push({
      path: fields[at + 1] ?? "",
      before: oldMode === "000000" ? undefined : { mode: oldMode, id: oldId },
      after: newMode === "000000" ? undefined : { mode: newMode, id: newId },
    });
  }
  return changes;
}

/** Reads "<id> blob <size>", a line break, the content, a line break, for each object. */
function parseBatch(output: Buffer): ReadonlyMap<string, Buffer> {
  const contents = new Map<string, Buffer>();
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf("\n", at);
    const [id = "", type, size] = output.subarray(at, end).toString("latin1").split(" ");
    if (type !== "blob") throw new Error(`The content "${id}" is missing.`);
    const start = end + 1;
    contents.set(id, output.subarray(start, start + Number(size)));
    at = start + Number(size) + 1;
  }
  return contents;
}
