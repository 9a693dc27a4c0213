import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

/** A server of the bench's own, on loopback, with its data in the bench's folder. */
export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

// Debian keeps the programs of a PostgreSQL server out of the PATH.
const POSTGRESQL = "/usr/lib/postgresql";

const STOP_MS = 10_000;

/** Where a program is; nothing when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...postgresqlFolders()];
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

function postgresqlFolders(): readonly string[] {
  try {
    return readdirSync(POSTGRESQL).map((version) => join(POSTGRESQL, version, "bin"));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("127.0.0.1 gave no port.");
  return address.port;
}

/** Starts a server, and resolves once it has said `ready` on either output. It never outlives this process. */
export async function startServer(
  command: readonly [program: string, ...args: readonly string[]],
  options: {
    readonly port: number;
    readonly ready: string;
    readonly as?: Pick<SpawnOptions, "uid" | "gid" | "cwd">;
  },
): Promise<Server> {
  const { port, ready, as } = options;
  const [program, ...args] = command;
  const child = spawn(program, args, { ...as, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "exit");
  const kill = (): void => void child.kill("SIGKILL");
  process.prependOnceListener("exit", kill);
  await said(child, { program, ready });
  return {
    port,
    async stop() {
      // PostgreSQL then waits for its clients to go; a pool that is closed may still have some on their way.
      child.kill("SIGTERM");
      const tooLong = setTimeout(kill, STOP_MS);
      await ended;
      clearTimeout(tooLong);
      process.off("exit", kill);
    },
  };
}

function said(
  child: ChildProcess,
  { program, ready }: { readonly program: string; readonly ready: string },
): Promise<void> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    for (const output of [child.stdout, child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on("line", (line) => {
        if (line.includes(ready)) resolve();
        // It stays open to the end: a server whose output nobody reads stands still.
        else if (lines.length < 20) lines.push(line);
      });
    }
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program} ended at its start:\n${lines.join("\n")}`)));
  });
}
