import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { findProgram, freePort, type Server, startServer } from "./server.ts";

/** A PostgreSQL with its own defaults (fsync and synchronous_commit on); nothing when it is not installed. */
export async function startPostgresql(folder: string): Promise<Server | undefined> {
  const [initdb, postgres] = [findProgram("initdb"), findProgram("postgres")];
  if (initdb === undefined || postgres === undefined) return undefined;
  mkdirSync(folder, { mode: 0o700 });
  const as = { ...ownerOf(folder), cwd: folder };
  execFileSync(initdb, ["--pgdata", folder, "--username", "bench", "--auth", "trust", "--encoding", "UTF8"], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    shared_buffers: "512MB",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return startServer([postgres, "-D", folder, ...args], {
    port,
    ready: "ready to accept connections",
    as,
  });
}

/** PostgreSQL refuses to run as root: there it runs as the user that its package made. */
function ownerOf(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = ["-u", "-g"].map((flag) =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" })),
  );
  if (uid === undefined || gid === undefined) return {};
  chownSync(folder, uid, gid);
  // It must be able to pass through the bench's own folder.
  chmodSync(dirname(folder), 0o711);
  return { uid, gid };
}
