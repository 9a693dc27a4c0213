import { createStore } from "@atlas/core";
import Database from "better-sqlite3";
import { createWorkload, type EntityUpsert, type Workload } from "./workload.ts";

// A process of its own, so that nothing else is on its heap: fills the queue of a store that cannot write, and prints how
// much the heap has grown. What waits goes with the process.

const [, , path = "", count = ""] = process.argv;
const commands = Number(count);

const beforeList = heapMib();
const list = received(createWorkload(), commands);
const aloneMib = heapMib() - beforeList;
list.length = 0;

const store = await createStore({
  database: path,
  maxQueuedCommands: commands,
  maxQueuedBytes: 1024 ** 3,
});
new Database(path).exec("begin immediate");
const workload = createWorkload();
const beforeQueue = heapMib();
for (let sent = 0; sent < commands; sent += 1_000) {
  for (const command of received(workload, 1_000)) void store.commands.enqueue(command);
  // A round of the flush loop finds the database locked.
  await store.flush();
}
const queuedMib = heapMib() - beforeQueue;
if (store.health().status !== "degraded") throw new Error("The queue was not held up.");
console.log(JSON.stringify({ queuedMib, aloneMib }));
process.exit(0);

/** Commands as they come from a file or a request: their texts are not put together of pieces. */
function received(workload: Workload, count: number): EntityUpsert[] {
  return JSON.parse(JSON.stringify(workload.take(count)));
}

function heapMib(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 ** 2;
}
