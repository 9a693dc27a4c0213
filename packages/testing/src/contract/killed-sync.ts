import { spawn } from "node:child_process";
import { once } from "node:events";

// Written out, so that it needs no file of its own beside ours in a bundle. Its imports are found from this folder.
const PROGRAM = `
import { createGateway } from "@atlas/gateway";
import { interruptSource } from "@atlas/testing";
const { module, place, database, at } = JSON.parse(process.argv[1]);
const { createSource } = await import(module);
const source = interruptSource(await createSource(place), ({ number }) => {
  if (number === at) process.kill(process.pid, "SIGKILL");
});
const gateway = await createGateway({ database, sources: [source] });
await gateway.sync(source.id);
await gateway.stop();
`;

/** Syncs in a process of its own, which is killed at a moment. Resolves with whether it came so far. */
export async function killedSync(options: {
  /** URL of the module that exports `createSource(place)`. */
  readonly module: string;
  readonly place: string;
  readonly database: string;
  readonly at: number;
}): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv.filter(isCondition),
      "--input-type=module",
      "--eval",
      PROGRAM,
      JSON.stringify(options),
    ],
    { cwd: import.meta.dirname, stdio: ["ignore", "ignore", "pipe"] },
  );
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-4_000);
  });
  const [code, signal] = await once(child, "close");
  if (signal !== "SIGKILL" && code !== 0) throw new Error(`The sync in a child process failed: ${complaint}`);
  return signal === "SIGKILL";
}

/** What else the test runner's own process was started with is nothing for a child. */
function isCondition(argument: string): boolean {
  return argument.startsWith("--conditions=");
}
