import { mkdirSync } from "node:fs";
import { findProgram, freePort, type Server, startServer } from "./server.ts";

/** A redis that keeps an append-only file; nothing when redis-server is not installed. */
export async function startRedis(
  folder: string,
  { appendfsync }: { readonly appendfsync: "everysec" | "always" },
): Promise<Server | undefined> {
  const program = findProgram("redis-server");
  if (program === undefined) return undefined;
  mkdirSync(folder);
  const port = await freePort();
  const settings = { bind: "127.0.0.1", port, dir: folder, appendonly: "yes", appendfsync, save: "" };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return startServer([program, ...args], {
    port,
    ready: "Ready to accept connections",
  });
}
