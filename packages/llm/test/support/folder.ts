import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A temporary folder with files in it. */
export interface Folder extends Disposable {
  readonly path: string;
  write(path: string, content: string | Uint8Array): void;
}

/** Makes a folder that goes with the block that uses it. */
export function createFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): Folder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "llm-")));
  const write: Folder["write"] = (file, content) => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), content);
  };
  for (const [file, content] of Object.entries(files)) write(file, content);
  return { path, write, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A `SKILL.md`. */
export function skillFile(fields: string, body: string): string {
  return `---\n${fields}\n---\n\n${body}\n`;
}
