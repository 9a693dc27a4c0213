import { once } from "node:events";
import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import type { Heard } from "./gateway/listeners.ts";
import type { Load, Loaded } from "./gateway/load.ts";
import { startProcess } from "./gateway/process.ts";
import type { Addresses } from "./gateway/server.ts";
import { createLine, type Report, type Unit } from "./line.ts";

const ROUNDS = 5;
const SECONDS = 4;
const LISTENERS = 1_000;
const EVENTS_PER_SECOND = 200;
const EVENT_SECONDS = 10;
/** What an event may take to its listener. */
const EVENT_MS = 50;

type Contestant = "atlas" | "hono";

interface Sent extends Pick<Load, "method" | "body" | "connections"> {
  readonly path: string;
  /** Of the reference. Default: the same. */
  readonly barePath?: string;
}

/**
 * A gateway behind HTTP, with the load from a process of its own. The references are bare Hono handlers in the same process as the
 * gateway: they call `gateway.jobs.get` and `gateway.jobs.create`; a third one reads a job's row with a prepared statement.
 */
export async function benchGateway(report: Report): Promise<void> {
  using folder = createBenchFolder();
  using server = startProcess(join(import.meta.dirname, "gateway/server.ts"), [
    join(folder.path, "bench.db"),
  ]);
  const addresses = await server.read<Addresses>();
  const headers = { authorization: `Bearer ${addresses.token}` };
  const [jobId = ""] = addresses.jobIds;
  const post = {
    method: "POST",
    path: "/jobs",
    body: JSON.stringify({ workflow_id: "work.v1", input: { text: "x".repeat(200) } }),
  } as const;

  const get = { method: "GET", path: `/jobs/${jobId}`, connections: 50 } as const;
  await compare("GET a job, 50 connections", get, "jobs.get in bare Hono");
  await compare(
    "GET a job, 50 connections",
    { ...get, barePath: `/rows/${jobId}` },
    "a prepared statement in bare Hono",
  );
  await compare("POST a job, 50 connections", { ...post, connections: 50 }, "jobs.create in bare Hono");
  await compare("POST a job, 100 connections", { ...post, connections: 100 }, "jobs.create in bare Hono");
  await compare(
    "POST a job, 100 connections",
    { ...post, connections: 100, barePath: "/traced-jobs" },
    "jobs.create with the same context",
  );
  await listen();

  /** Both in each round, one after the other, first one and then the other in front. */
  async function compare(metric: string, load: Sent, reference: string): Promise<void> {
    const rounds: Readonly<Record<Contestant, Loaded>>[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const order: readonly Contestant[] = round % 2 === 0 ? ["atlas", "hono"] : ["hono", "atlas"];
      const results: Partial<Record<Contestant, Loaded>> = {};
      for (const name of order) results[name] = await send(name, load);
      // The first round compiles what the others run.
      if (round > 0) rounds.push(results as Readonly<Record<Contestant, Loaded>>);
    }
    const failed = rounds.reduce((sum, { atlas, hono }) => sum + atlas.failed + hono.failed, 0);
    if (failed > 0) throw new Error(`${metric}: ${failed} requests failed.`);
    const line = (name: string, unit: Unit, of: (loaded: Loaded) => number): void =>
      report(
        createLine({
          bench: "gateway",
          metric: name,
          unit,
          ours: rounds.map(({ atlas }) => of(atlas)),
          reference,
          referenceValues: rounds.map(({ hono }) => of(hono)),
          durability: load.method === "POST" ? "FULL" : "-",
        }),
      );
    line(metric, "1/s", ({ perSecond }) => perSecond);
    line(`${metric}, p99`, "ms", ({ p99Ms }) => p99Ms);
  }

  async function send(name: Contestant, { path, barePath = path, ...load }: Sent): Promise<Loaded> {
    const all: Load = {
      ...load,
      url: `${addresses[name]}${name === "atlas" ? path : barePath}`,
      headers: {
        ...(name === "atlas" ? headers : {}),
        ...(load.body === undefined ? {} : { "content-type": "application/json" }),
      },
      seconds: SECONDS,
    };
    using child = startProcess(join(import.meta.dirname, "gateway/load.ts"), [JSON.stringify(all)]);
    return await child.read<Loaded>();
  }

  /** How long an event takes to each of many listeners. */
  async function listen(): Promise<void> {
    const heard: Heard[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      using listeners = startProcess(join(import.meta.dirname, "gateway/listeners.ts"), [
        JSON.stringify({
          url: `${addresses.atlas}/domain-events/stream?types=event.inserted`,
          headers,
          listeners: LISTENERS,
          events: EVENTS_PER_SECOND * EVENT_SECONDS,
        }),
      ]);
      await listeners.read<{ readonly open: number }>();
      server.write(`events ${EVENTS_PER_SECOND} ${EVENT_SECONDS}`);
      await server.read<{ readonly done: boolean }>();
      heard.push(await listeners.read<Heard>());
      await once(listeners.child, "exit");
    }
    const line = (metric: string, of: (one: Heard) => number): void =>
      report(
        createLine({
          bench: "gateway",
          metric,
          unit: "ms",
          ours: heard.map(of),
          reference: "what an event may take",
          referenceValues: heard.map(() => EVENT_MS),
          durability: "FULL",
        }),
      );
    line(`event to ${LISTENERS} listeners, p50`, ({ p50Ms }) => p50Ms);
    line(`event to ${LISTENERS} listeners, p99`, ({ p99Ms }) => p99Ms);
  }
}
