import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";

/** A file of the console's page, as it is sent. */
interface ConsoleFile {
  readonly type: string;
  /** With its quotes. */
  readonly etag: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The files by their path below `/console`, such as `views/jobs.js`. */
type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Resolves with nothing where the files are missing: a bundler takes the code along, but not files that no code imports. */
export type ReadConsoleFiles = () => Promise<ConsoleFiles | undefined>;

/** Reads the files of the console once, from a folder; by default from that of the package. */
export function createConsoleReader(findFolder: () => string = consoleFolder): ReadConsoleFiles {
  let files: Promise<ConsoleFiles | undefined> | undefined;
  return () => {
    files ??= readAll(findFolder).then(
      (read) => read,
      () => {
        // Perhaps too many files were open: the next request tries again.
        files = undefined;
        return undefined;
      },
    );
    return files;
  };
}

async function readAll(findFolder: () => string): Promise<ConsoleFiles> {
  const folder = findFolder();
  const names = await readdir(folder, { recursive: true });
  const read = names
    .map((name) => ({ name: name.replaceAll("\\", "/"), type: TYPES[extname(name)] }))
    .filter((file): file is { readonly name: string; readonly type: string } => file.type !== undefined)
    .map(async ({ name, type }) => {
      const body = new Uint8Array(await readFile(join(folder, name)));
      const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
      return [name, { type, etag, body }] as const;
    });
  return new Map(await Promise.all(read));
}

/** A package may name itself. That finds its folder from its sources, from `dist`, and from a bundle beside an installed package. */
function consoleFolder(): string {
  const manifest = createRequire(import.meta.url).resolve("@atlas/gateway/package.json");
  return join(dirname(manifest), "console");
}
