import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { isoTime } from "@atlas/core";
import { manifestOf } from "@atlas/core/internal";

/** A backup that is there: it was read back and compared when it was made. */
export interface BackupRecord {
  /** The name of its file in the folder. */
  readonly name: string;
  readonly made_at: string;
  readonly size_bytes: number;
  /** The last command that it holds. */
  readonly last_seq: number;
  /** Of its content. */
  readonly digest: string;
}

/** The backups of one database in a folder, among whatever else is there. */
export interface BackupFolder {
  /** A free path for a backup that is made now. */
  pathFor(now: number): Promise<string>;
  /** The newest one first: the one that holds most commands, whatever the clock said. */
  list(): Promise<readonly BackupRecord[]>;
  /** Removes a backup of this database. */
  remove(name: string): Promise<void>;
  /** Removes what a kill left of a removal. */
  sweep(): Promise<void>;
  /** Makes the folder where it does not exist. */
  prepare(): Promise<void>;
}

/**
 * The backups of the database `storeId` at `folder`. A file is one of them when it has such a name and a manifest beside it that names this
 * database: everything else in the folder is somebody else's, also a copy whose manifest was lost.
 */
export function createBackupFolder(options: {
  readonly folder: string;
  readonly database: string;
  readonly storeId: string;
}): BackupFolder {
  const folder = resolve(options.folder);
  const stem = stemOf(options.database);
  const pathOf = (name: string): string => join(folder, name);

  return {
    async pathFor(now) {
      const taken = new Set(await readdir(folder));
      for (let at = now; ; at += 1) {
        const name = `${stem}-${isoTime(at).replaceAll(":", "-")}.db`;
        if (!taken.has(name) && !taken.has(`${name}.json`)) return pathOf(name);
      }
    },
    async list() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return [];
        throw error;
      });
      const found = await Promise.all(names.filter(isName).map(read));
      return found
        .flatMap((record) => record ?? [])
        .sort((left, right) => right.last_seq - left.last_seq || (left.made_at < right.made_at ? 1 : -1));
    },
    async remove(name) {
      // Without its manifest, a copy that a kill left here would be nobody's.
      await rm(pathOf(name), { force: true });
      await rm(`${pathOf(name)}.json`, { force: true });
    },
    async sweep() {
      const names = new Set(await readdir(folder));
      for (const name of names) {
        const copy = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
        if (!isName(copy) || names.has(copy)) continue;
        if ((await manifestOf(pathOf(copy)))?.store_id === options.storeId)
          await rm(pathOf(name), { force: true });
      }
    },
    prepare: async () => void (await mkdir(folder, { recursive: true, mode: 0o700 })),
  };

  function isName(name: string): boolean {
    if (!name.startsWith(`${stem}-`)) return false;
    return /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.db$/.test(name.slice(stem.length + 1));
  }

  async function read(name: string): Promise<BackupRecord | undefined> {
    const manifest = await manifestOf(pathOf(name));
    if (manifest?.store_id !== options.storeId) return undefined;
    const { made_at, last_seq, digest } = manifest;
    const size = await stat(pathOf(name)).catch(() => undefined);
    return size === undefined ? undefined : { name, made_at, size_bytes: size.size, last_seq, digest };
  }
}

/** What the names of a database's backups begin with: `atlas` for `data/atlas.db`. */
function stemOf(database: string): string {
  const name = database === ":memory:" ? "memory" : basename(database);
  return name.slice(0, name.length - extname(name).length);
}
