import { join } from "node:path";
import { createMockLLM } from "@atlas/llm/mock";
import type { WorkflowPlugin } from "@atlas/plugins";
import {
  createJobRunner,
  createPluginRegistry,
  createSignal,
  type PluginsCommand,
} from "@atlas/plugins/runtime";
import { createBenchFolder } from "./folder.ts";
import type { Report } from "./line.ts";
import { host, openPluginsStore, quantile, reportOnce, timeWithLateness } from "./plugins-store.ts";

const EVENTS = 1_000_000;
const WAITS = 10_000;
const PARKED = 100_000;
const LIVE_EVENTS = 20_000;
const SIGNALS = 300;
const UNIT = 500;

/** What waiting jobs cost at a start, per event and in memory, against none; and how soon an answer wakes a job. */
export async function benchWaits(report: Report): Promise<void> {
  const compare = reportOnce(report, { bench: "waits", reference: "no waits" });
  using folder = createBenchFolder();
  const empty = await measure(join(folder.path, "empty.db"), { events: EVENTS });
  for (const by of ["aggregate_id", "payload"] as const) {
    const listening = await measure(join(folder.path, `${by}.db`), { events: EVENTS, listening: WAITS, by });
    compare(`start, 10,000 waits by ${by} × 1 M events`, "ms", listening.startMs, empty.startMs);
    compare("… most late turn of the loop", "ms", listening.lateMs, empty.lateMs);
    compare(`an event, 10,000 waits by ${by}`, "µs", listening.eventMicros, empty.eventMicros);
  }
  const none = await measure(join(folder.path, "none.db"), {});
  const parked = await measure(join(folder.path, "parked.db"), { parked: PARKED });
  compare("start, 100,000 parked jobs", "ms", parked.startMs, none.startMs);
  compare("heap after start, 100,000 parked", "MiB", parked.heapMiB, none.heapMiB);
  const latencies = await signalLatencies(join(folder.path, "signals.db"));
  compare(
    "signal to resumed, p50 (p99 as reference)",
    "ms",
    quantile(latencies, 0.5),
    quantile(latencies, 0.99),
  );
}

async function open(database: string, workflow: WorkflowPlugin) {
  const store = await openPluginsStore(database);
  const registry = createPluginRegistry();
  registry.registerWorkflow(workflow);
  const runner = createJobRunner({
    host,
    repo: store.repo,
    commands: store.commands,
    registry,
    llm: createMockLLM(),
  });
  store.onCommitted(runner.wake);
  return { store, runner };
}

type Sent =
  | Parameters<Awaited<ReturnType<typeof open>>["store"]["commands"]["enqueueAll"]>[0][number]
  | PluginsCommand;

async function measure(
  database: string,
  of: {
    readonly events?: number;
    /** So many jobs wait for an event of a type that half of the events have, each with its own value of `by`. */
    readonly listening?: number;
    readonly by?: "aggregate_id" | "payload";
    readonly parked?: number;
  },
) {
  const { store, runner } = await open(database, { id: "work.v1", run: async () => undefined });
  const { commands } = store;
  const fill = async (count: number, make: (index: number) => readonly Sent[]): Promise<void> => {
    for (let from = 0; from < count; from += UNIT) {
      const unit: Sent[] = [];
      for (let index = from; index < Math.min(count, from + UNIT); index += 1) unit.push(...make(index));
      for (let start = 0; start < unit.length; start += UNIT)
        await commands.enqueueAll(unit.slice(start, start + UNIT));
    }
  };
  const about = (id: string) => (of.by === "payload" ? { payload: { job: id } } : { aggregate_id: id });
  const park = (index: number, kind: "event" | "signal"): readonly Sent[] => {
    const id = `job-${index}`;
    return [
      { type: "job.create", job: { id, workflow_id: "work.v1" } },
      { type: "job.updateStatus", id, status: "running", attempt: 1 },
      {
        type: "plugins.wait.open",
        job_id: id,
        attempt: 1,
        kind,
        name: "approval",
        ...(kind === "event" ? { filter: { type: "approved", ...about(id) }, scanned_seq: 0 } : {}),
      },
      { type: "job.updateStatus", id, status: "queued", attempt: 1, run_at: "9999-12-31T23:59:59.999Z" },
    ];
  };
  await fill(of.listening ?? 0, (index) => park(index, "event"));
  await fill(of.parked ?? 0, (index) => park(index, "signal"));
  const event = (index: number): readonly Sent[] => [
    {
      type: "domainEvent.emit",
      event: {
        type: index % 2 === 0 ? "approved" : "noted",
        aggregate_id: `no-${index}`,
        payload: { job: `no-${index}` },
      },
    },
  ];
  await fill(of.events ?? 0, event);
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const { tookMs: startMs, lateMs } = await timeWithLateness(() => runner.start());
  globalThis.gc?.();
  const heapMiB = (process.memoryUsage().heapUsed - heap) / 2 ** 20;
  const emittedAt = performance.now();
  await fill(LIVE_EVENTS, event);
  const eventMicros = ((performance.now() - emittedAt) * 1_000) / LIVE_EVENTS;
  await runner.stop(0);
  await store.stop();
  return { startMs, lateMs, heapMiB: Math.max(0.01, heapMiB), eventMicros };
}

async function signalLatencies(database: string): Promise<readonly number[]> {
  const resumed = new Map<string, (at: number) => void>();
  const { store, runner } = await open(database, {
    id: "work.v1",
    async run(ctx, _input, id) {
      await ctx.wait("go");
      resumed.get(id)?.(performance.now());
    },
  });
  await runner.start();
  const signal = createSignal(store);
  const latencies: number[] = [];
  for (let index = 0; index < SIGNALS; index += 1) {
    const id = `job-${index}`;
    await store.commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1" } });
    while ((await store.repo.plugins.listWaits(id)).length === 0 || runner.running > 0)
      await new Promise((resolve) => void setImmediate(resolve));
    const { promise, resolve } = Promise.withResolvers<number>();
    resumed.set(id, resolve);
    const sentAt = performance.now();
    void signal(id, "go", true);
    latencies.push((await promise) - sentAt);
  }
  await runner.stop(1_000);
  await store.stop();
  return latencies;
}
