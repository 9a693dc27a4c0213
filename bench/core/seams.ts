import { join } from "node:path";
import {
  type Admit,
  createStore,
  defineCommand,
  type Envelope,
  type Store,
  type StoreModule,
} from "@atlas/core";
import { z } from "zod";
import { createLine, type Report } from "../line.ts";
import { batchesPerSecond, fill, type Lane, storeLane } from "./lane.ts";
import { createWorkload } from "./workload.ts";

const ROUNDS = 9;
const ROWS_BEFORE = 10_000;
const BATCH = 1_000;
const BATCHES_PER_SLICE = 3;
const MODULES = 10;
const LISTENERS = 10;
const HOOKS = 10;

const passes: Admit = (command) => command;
const envelope: Envelope = {
  context: { actor: "user:42", correlation_id: "0199f2a0-5f3c-7000-8000-000000000001", tenant: "acme" },
};

/** What each seam costs a command: the same batches without it and with ten of it, or with a context on each command. */
export async function benchSeams(folder: string, report: Report): Promise<void> {
  const at = (name: string): string => join(folder, `${name}.db`);
  await using plain = await createStore({ database: at("plain") });
  await using modules = await createStore({ database: at("modules"), modules: emptyModules() });
  await using admit = await createStore({
    database: at("admit"),
    admit: Array.from({ length: HOOKS }, () => passes),
  });
  await using listeners = await createStore({ database: at("listeners") });
  await using followed = await createStore({ database: at("followed") });
  await using context = await createStore({ database: at("context") });
  let heard = 0;
  for (let index = 0; index < LISTENERS; index += 1)
    listeners.onCommitted(({ events }) => (heard += events.length));
  const following = readAll(followed);

  const lanes = {
    plain: storeLane(plain),
    modules: storeLane(modules),
    admit: storeLane(admit),
    listeners: storeLane(listeners),
    followed: storeLane(followed),
    context: contextLane(context),
  };
  for (const lane of Object.values(lanes)) await fill(lane, ROWS_BEFORE);
  const figures = await batchesPerSecond(lanes, {
    rounds: ROUNDS,
    batch: BATCH,
    batchesPerSlice: BATCHES_PER_SLICE,
  });
  const tell = (metric: string, ours: readonly number[]): void =>
    report(
      createLine({
        bench: "core",
        metric: `commands/s, ${metric}`,
        unit: "1/s",
        ours,
        reference: "without",
        referenceValues: figures.plain,
        durability: "FULL",
      }),
    );
  tell(`${MODULES} more modules`, figures.modules);
  tell(`${HOOKS} admit hooks`, figures.admit);
  tell(`${LISTENERS} onCommitted listeners`, figures.listeners);
  tell("followed by one reader", figures.followed);
  tell("a context each", figures.context);
  await followed.stop();
  await following;
  if (heard === 0) throw new Error("No listener was called.");
}

/** Reads along with a store until it stops. */
async function readAll(store: Store): Promise<void> {
  let last = 0;
  for await (const { seq } of store.follow()) {
    if (seq !== last + 1) throw new Error(`Event ${seq} came after event ${last}.`);
    last = seq;
  }
}

function contextLane({ commands }: Store): Lane {
  return {
    workload: createWorkload(),
    write: (list) => Promise.all(list.map((command) => commands.enqueue(command, envelope))),
    writeOne: (command) => commands.enqueue(command, envelope),
  };
}

function emptyModules(): readonly StoreModule[] {
  const note = defineCommand<Record<never, never>>()({
    schema: z.object({ id: z.string() }),
    apply: ({ id }, change) => change.emit({ type: "noted", aggregate_id: id }),
  });
  return Array.from({ length: MODULES }, (_, index) => ({
    name: `seam${index}`,
    version: 1,
    migrations: {},
    commands: { [`seam${index}.note`]: note },
  }));
}
