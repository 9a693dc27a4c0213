/**
 * The path of a file from the root of its repository, one character for each byte. Names of files are bytes: a text in UTF-8 would not
 * bring back each of them.
 */
export type PathBytes = string;

/** As people read it. */
export function pathText(path: PathBytes): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** As the functions of `node:fs` take it, below an absolute folder. */
export function pathBelow(root: string, path: PathBytes): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, "latin1")]);
}

/** Splits what git prints with `-z`. */
export function splitAtNul(output: Buffer): PathBytes[] {
  const fields = output.toString("latin1").split("\0");
  fields.pop();
  return fields;
}

/** Joins what git reads with `-z`. */
export function joinWithNul(lines: readonly PathBytes[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\0`).join(""), "latin1");
}
