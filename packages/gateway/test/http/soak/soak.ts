// Kills a gateway that clients change over HTTP, again and again, and then looks whether every change that was answered with 2xx is
// there, once. `npm run test:soak:http` does so for a minute; the tests for some seconds.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Change, newCancel, newJob, newRevoke, newSignal, newToken } from "./changes.ts";
import { check } from "./check.ts";
import { type Address, ask } from "./client.ts";

/** What a soak found. */
export interface HttpSoakReport {
  readonly kills: number;
  /** Changes that were answered with 2xx. */
  readonly answered: number;
  /** Requests that a kill cut off and that were sent again until they had an answer, or the soak was over. */
  readonly unknown: number;
  /** What is not as it must be; empty is good. */
  readonly problems: readonly string[];
}

const CLIENTS = 8;
const HOST = new URL("./host.ts", import.meta.url).pathname;
const TOKEN = "a-static-token-of-the-soak-0123456789";

/** Runs gateways for `durationMs`, killing each at random, and checks what they have left. */
export async function soakHttp({ durationMs }: { readonly durationMs: number }): Promise<HttpSoakReport> {
  const folder = mkdtempSync(join(tmpdir(), "http-soak-"));
  const database = join(folder, "atlas.db");
  const address: Address = { url: undefined };
  const changes: Change[] = [];
  let isOver = false;
  let kills = 0;
  let host: ChildProcess | undefined;
  try {
    const clients = Array.from({ length: CLIENTS }, () => act());
    const endAt = performance.now() + durationMs;
    while (performance.now() < endAt) {
      host = await start();
      await pause(50 + Math.random() * 600);
      await kill(host);
      kills += 1;
    }
    // The last life: clients finish what they are at.
    host = await start();
    isOver = true;
    await Promise.all(clients);
    const found = await check({ changes, address, token: TOKEN, database, kill: async () => kill(host) });
    return {
      kills,
      answered: changes.filter(({ answer }) => answer !== undefined).length,
      unknown: changes.filter(({ answer, refused }) => answer === undefined && refused === undefined).length,
      problems: found,
    };
  } finally {
    host?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }

  /** One client: creates jobs, answers or cancels some of them, and makes and ends tokens. */
  async function act(): Promise<void> {
    while (!isOver) {
      const isOrder = Math.random() < 0.5;
      const job = await asked(newJob(isOrder ? "order.v1" : "plain.v1"));
      const id = job.answer?.["id"];
      if (typeof id === "string" && isOrder) await asked(Math.random() < 0.7 ? newSignal(id) : newCancel(id));
      if (Math.random() < 0.1) {
        const token = await asked(newToken());
        const record = token.answer?.["record"] as { readonly id: string } | undefined;
        if (record !== undefined && Math.random() < 0.5) await asked(newRevoke(record.id));
      }
    }
  }

  async function asked(change: Change): Promise<Change> {
    changes.push(change);
    await ask(change, { address, token: TOKEN, isOver: () => isOver && address.url === undefined });
    return change;
  }

  async function start(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ["--conditions=@atlas/source", HOST, database, TOKEN], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      address.url = line;
      return child;
    }
    throw new Error("A gateway ended before it was ready.");
  }

  async function kill(child: ChildProcess | undefined): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    address.url = undefined;
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
  const report = await soakHttp({ durationMs: Number(values.seconds) * 1_000 });
  console.log(JSON.stringify(report));
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
