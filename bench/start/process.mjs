// One start in a process of its own, from the built packages; prints what it took. Plain JavaScript, for stripping types
// would be measured as well.
import { setTimeout as pause } from "node:timers/promises";

const SETTLE_MS = 1_000;
// "nothing", "dependencies", "gateway", or "grown": a gateway with a workflow and a sink.
const [, , kind, database] = process.argv;

const began = now();
if (kind === "dependencies") {
  await Promise.all([import("better-sqlite3"), import("kysely"), import("zod")]);
  await finish({ imported: now() });
}
if (kind === "nothing") await finish({ imported: now() });

const { createGateway, defineSink } = await import("@atlas/gateway");
const imported = now();
const watched = watch();
const gateway = await createGateway({
  database,
  ...(kind === "grown"
    ? {
        workflows: [{ id: "w", run: async () => undefined }],
        sinks: [defineSink({ id: "s", on: ["event.inserted"], handle: async () => undefined })],
      }
    : {}),
});
const created = now();
await gateway.start();
await finish({ imported, created, started: now(), gateway, watched });

async function finish({ imported, created = imported, started = created, gateway, watched }) {
  await pause(SETTLE_MS);
  console.log(
    JSON.stringify({
      importMs: imported.ms - began.ms,
      createMs: created.ms - imported.ms,
      startMs: started.ms - created.ms,
      cpuMs: created.cpuMs - began.cpuMs,
      openCpuMs: started.cpuMs - imported.cpuMs,
      ...watched?.end(),
      rssMib: process.memoryUsage.rss() / 1024 ** 2,
    }),
  );
  await gateway?.stop();
  process.exit();
}

function now() {
  const { user, system } = process.cpuUsage();
  return { ms: performance.now(), cpuMs: (user + system) / 1_000 };
}

/** The longest time in which the event loop ran nothing else, by the clock and by the processor's time of its thread. */
function watch() {
  const see = () => {
    const { user, system } = process.threadCpuUsage();
    return { ms: performance.now(), cpuMs: (user + system) / 1_000 };
  };
  let heldMs = 0;
  let heldCpuMs = 0;
  let last = see();
  const look = () => {
    const seen = see();
    heldMs = Math.max(heldMs, seen.ms - last.ms - 1);
    heldCpuMs = Math.max(heldCpuMs, seen.cpuMs - last.cpuMs);
    last = seen;
  };
  const timer = setInterval(look, 1);
  return {
    end() {
      look();
      clearInterval(timer);
      return { heldMs, heldCpuMs };
    },
  };
}
