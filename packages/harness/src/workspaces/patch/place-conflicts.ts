import type { HarnessConflict } from "../../contract/errors.ts";
import { type PathBytes, pathText } from "../files/path-bytes.ts";
import type { PlannedFile } from "../files/write-files.ts";

/** What is to be written, or where it does not fit. */
export interface FilesPlan {
  readonly files: readonly PlannedFile[];
  readonly conflicts: readonly HarnessConflict[];
}

/** Finds the files whose place is taken by something that the plan does not remove. */
export function placeConflicts(files: readonly PlannedFile[]): readonly HarnessConflict[] {
  const removed = files.filter(({ after }) => after === "absent").map(({ path }) => path);
  return files.flatMap(({ path, before, after }) => {
    const reason = after === "absent" ? undefined : obstacle(path, before, removed);
    return reason === undefined ? [] : [{ path: pathText(path), reason }];
  });
}

function obstacle(
  path: PathBytes,
  before: PlannedFile["before"],
  removed: readonly PathBytes[],
): string | undefined {
  switch (before) {
    case "folder":
      return removed.some((other) => other.startsWith(`${path}/`)) ? undefined : "A folder is in the way.";
    case "below a file":
      return removed.some((other) => path.startsWith(`${other}/`))
        ? undefined
        : "A file is where its folder should be.";
    case "below a link":
      return removed.some((other) => path.startsWith(`${other}/`))
        ? undefined
        : "One of its folders is a link, which is not followed.";
    case "no regular file":
      return "A socket, a pipe or a device is in the way.";
    default:
      return undefined;
  }
}
