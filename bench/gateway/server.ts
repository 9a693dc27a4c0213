// A gateway behind HTTP, in a process of its own, and beside it what it is compared with: bare Hono handlers on the same gateway.
// Prints its addresses, then obeys the lines of its standard input: `events <per second> <seconds>` commits events and prints `done`.

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { createGateway, silentLogger } from "@atlas/gateway";
import { serve } from "@atlas/gateway/http";
import { serve as serveNode } from "@hono/node-server";
import Database from "better-sqlite3";
import { Hono } from "hono";

/** The addresses of a server, and what it holds. */
export interface Addresses {
  readonly atlas: string;
  readonly hono: string;
  readonly token: string;
  /** Of the jobs that can be read. */
  readonly jobIds: readonly string[];
}

const JOBS = 1_000;
const TICK_MS = 5;
const [, , database = ""] = process.argv;

const gateway = await createGateway({
  database,
  // Never started: what is measured is the door, not the jobs behind it.
  workflows: [{ id: "work.v1", run: async () => undefined }],
  log: silentLogger,
});
const created = await gateway.jobs.createMany(
  Array.from({ length: JOBS }, (_, index) => ({
    workflow_id: "work.v1",
    input: { index, text: "x".repeat(200) },
  })),
);
const server = await serve(gateway, {
  port: 0,
  maxRequestsPer10s: Number.POSITIVE_INFINITY,
  maxConnections: 2_000,
});

const read = new Database(database, { readonly: true });
const select = read.prepare("SELECT * FROM jobs WHERE id = ?");
const bare = new Hono()
  .get("/jobs/:id", async (context) => {
    const job = await gateway.jobs.get(context.req.param("id"));
    return job === undefined ? context.notFound() : context.json(job);
  })
  .get("/rows/:id", (context) => {
    const row = select.get(context.req.param("id"));
    return row === undefined ? context.notFound() : context.json(row);
  })
  .post("/jobs", async (context) => {
    const { id, workflow_id } = await gateway.jobs.create(await context.req.json());
    return context.json({ id, workflow_id }, 201);
  })
  // With the context that the adapter gives to a job.
  .post("/traced-jobs", async (context) => {
    const requestId = randomUUID();
    const envelope = {
      actor: "http",
      cause: { kind: "request", id: requestId, depth: 0 },
      context: { actor: "local", correlation_id: requestId },
    } as const;
    const { id, workflow_id } = await gateway.jobs.create(await context.req.json(), envelope);
    return context.json({ id, workflow_id }, 201);
  });
const bareServer = serveNode({ fetch: bare.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
  const addresses: Addresses = {
    atlas: server.url,
    hono: `http://127.0.0.1:${port}`,
    token: server.token,
    jobIds: created.map(({ id }) => id),
  };
  console.log(JSON.stringify(addresses));
});

for await (const line of createInterface({ input: process.stdin })) {
  const [word, perSecond, seconds] = line.split(" ");
  if (word === "events") {
    await commit(Number(perSecond), Number(seconds));
    console.log(JSON.stringify({ done: true }));
  }
}
bareServer.close();
await server.stop();
read.close();
await gateway.stop();

/** Commits so many events a second, evenly. */
async function commit(perSecond: number, seconds: number): Promise<void> {
  const began = performance.now();
  const total = perSecond * seconds;
  const commits: Promise<unknown>[] = [];
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1_000) * perSecond));
    for (; sent < due; sent += 1) {
      commits.push(
        gateway.commands.enqueue({
          type: "event.insert",
          event: { type: "tick", occurred_at: new Date().toISOString(), data: { sent } },
        }),
      );
    }
    await pause(TICK_MS);
  }
  await Promise.all(commits);
}
