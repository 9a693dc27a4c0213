import { existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive, readServeFile } from "../../reach/serve-file.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const LEAST_FREE_BYTES = 1024 ** 3;
const OTHERS = 0o077;

/** The database's files: whether they are there, who may read them, who has them open, and the room beside them. */
export function checkFiles(database: string): readonly Finding[] {
  const file = statSync(database, { throwIfNoEntry: false });
  const folder = nearestFolder(dirname(database));
  return [
    file === undefined
      ? warning("database", `${database} does not exist yet`, "`atlas start` creates it.")
      : file.isFile()
        ? ok("database", `${database}, ${megabytes(file.size)}`)
        : problem("database", `${database} is not a file`, "Name another file as `database`."),
    ...(file?.isFile() === true ? [checkMode(database, dirname(database))] : []),
    checkOwner(database),
    checkSpace(folder),
  ];
}

function checkMode(database: string, folder: string): Finding {
  const open = [database, folder].filter((path) => (statSync(path).mode & OTHERS) !== 0);
  if (process.platform === "win32" || open.length === 0)
    return ok("file modes", "only you can read the database and its folder");
  // Whoever may read the folder but not the file still learns nothing: that is no fault.
  if (!open.includes(database))
    return ok("file modes", `only you can read the database; its folder ${folder} is open`);
  return warning(
    "file modes",
    `others can read ${database}`,
    `Run \`chmod 600 ${database}\` and \`chmod 700 ${folder}\`.`,
  );
}

function checkOwner(database: string): Finding {
  const pid = ownerOf(database);
  const left = readServeFile(database);
  const isServed = left !== undefined && isAlive(left.pid);
  if (isServed) return ok("gateway", `process ${left.pid} runs it at ${left.url}`);
  if (pid !== undefined && isAlive(pid)) return ok("gateway", `process ${pid} has it open, without HTTP`);
  if (pid !== undefined || left !== undefined)
    return warning(
      "gateway",
      `process ${pid ?? left?.pid} had it open and was killed`,
      "Nothing to do: the next start recovers.",
    );
  return ok("gateway", "no gateway has it open");
}

function ownerOf(database: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(`${database}.owner`, "utf8")) as { readonly pid?: unknown };
    return Number.isInteger(pid) ? (pid as number) : undefined;
  } catch {
    return undefined;
  }
}

function checkSpace(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= LEAST_FREE_BYTES) return ok("free space", megabytes(free));
  return warning("free space", `${megabytes(free)} in ${folder}`, "Free some: a full disk stops all writes.");
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
