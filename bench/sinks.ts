import { join } from "node:path";
import type { SinkPlugin } from "@atlas/plugins";
import { createDelivery } from "@atlas/plugins/runtime";
import { createBenchFolder } from "./folder.ts";
import type { Report } from "./line.ts";
import { host, openPluginsStore, type PluginsStore, quantile, reportOnce } from "./plugins-store.ts";
import { watch } from "./watch.ts";

const EVENTS = 1_000_000;
const UNIT = 1_000;
const FRESH = 200;

/** What catching up costs a new sink, how long it holds the event loop, and how soon a new event arrives while retries hang. */
export async function benchSinks(report: Report): Promise<void> {
  const compare = reportOnce(report, { bench: "sinks", reference: "passes all by; no retries" });
  using folder = createBenchFolder();
  const store = await openPluginsStore(join(folder.path, "many.db"));
  for (let sent = 0; sent < EVENTS; sent += UNIT)
    await store.commands.enqueueAll(
      Array.from(
        { length: UNIT },
        () =>
          ({
            type: "domainEvent.emit",
            event: { type: "noted", payload: { text: "x".repeat(100) } },
          }) as const,
      ),
    );
  const taking = await catchUp(store, { id: "taking", from: "start", handle: async () => undefined });
  const other = await catchUp(store, {
    id: "passing",
    from: "start",
    on: ["other"],
    handle: async () => undefined,
  });
  await store.stop();
  compare("1 M events to a new sink", "ms", taking.tookMs, other.tookMs);
  compare("… longest turn of the loop", "ms", taking.heldMs, other.heldMs);
  compare("… the same, processor", "ms", taking.heldCpuMs, other.heldCpuMs);
  const hanging = await freshLatencies(join(folder.path, "hanging.db"), { hanging: 20 });
  const quiet = await freshLatencies(join(folder.path, "quiet.db"), { hanging: 0 });
  compare("commit → handle, p50, 20 retries hang", "ms", quantile(hanging, 0.5), quantile(quiet, 0.5));
  compare("commit → handle, p99, 20 retries hang", "ms", quantile(hanging, 0.99), quantile(quiet, 0.99));
}

function deliver(store: PluginsStore, sink: SinkPlugin) {
  const delivery = createDelivery({
    host,
    repo: store.repo,
    commands: store.commands,
    sinks: [sink],
  });
  store.onCommitted(delivery.wake);
  return delivery;
}

async function catchUp(store: PluginsStore, sink: SinkPlugin) {
  const delivery = deliver(store, sink);
  const took = await watch(async () => {
    await delivery.start();
    while ((delivery.health()[0]?.eventSeq ?? 0) < EVENTS)
      await new Promise((resolve) => setTimeout(resolve, 5));
  });
  await delivery.stop(1_000);
  return took;
}

async function freshLatencies(
  database: string,
  { hanging }: { readonly hanging: number },
): Promise<readonly number[]> {
  const store = await openPluginsStore(database);
  const handled = new Map<string, () => void>();
  const delivery = deliver(store, {
    id: "hanging",
    retry: { firstDelayMs: 1, maxDelayMs: 1 },
    timeoutMs: 500,
    async handle({ type, aggregate_id }, { attempt }) {
      if (type === "fresh") return handled.get(aggregate_id ?? "")?.();
      if (attempt === 1) throw new Error("not now");
      await new Promise(() => undefined);
    },
  });
  await delivery.start();
  for (let event = 0; event < hanging; event += 1)
    await store.commands.enqueue({ type: "domainEvent.emit", event: { type: "slow" } });
  const latencies: number[] = [];
  for (let event = 0; event < FRESH; event += 1) {
    const id = String(event);
    const done = new Promise<void>((resolve) => handled.set(id, resolve));
    await store.commands.enqueue({
      type: "domainEvent.emit",
      event: { type: "fresh", aggregate_id: id },
    });
    const committedAt = performance.now();
    await done;
    latencies.push(performance.now() - committedAt);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await delivery.stop(0);
  await store.stop();
  return latencies;
}
