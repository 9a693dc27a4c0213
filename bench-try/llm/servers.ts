import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** A server in a process of its own. */
export interface Server extends Disposable {
  readonly address: string;
}

const PORTKEY = join(import.meta.dirname, "../../node_modules/@portkey-ai/gateway/build/start-server.js");
const START_MS = 20_000;

/** Starts the model service that all contestants ask in the end. */
export async function startUpstream(): Promise<Server> {
  const child = start([join(import.meta.dirname, "upstream.ts")]);
  for await (const port of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return { address: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => child.kill() };
  }
  throw new Error("The bench's model service did not start.");
}

/** Starts Portkey's gateway, or gives nothing where it is not installed. */
export async function startPortkey(): Promise<Server | undefined> {
  if (!existsSync(PORTKEY)) return undefined;
  const port = await freePort();
  const child = start([PORTKEY, `--port=${port}`, "--headless"]);
  child.stdout?.resume();
  const address = `http://127.0.0.1:${port}`;
  for (const until = performance.now() + START_MS; performance.now() < until; await delay(50)) {
    const answer = await fetch(address).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer !== undefined) return { address, [Symbol.dispose]: () => child.kill() };
  }
  child.kill();
  throw new Error("Portkey's gateway is installed and did not start.");
}

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  // A bench that is ended by a signal exits, and takes its servers along.
  const kill = (): void => void child.kill();
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}
