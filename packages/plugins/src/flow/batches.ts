import { type Clock, type Command, isoTime, type JsonObject, type ReadOnlyRepo } from "@atlas/core";
import { PluginError } from "../contract/errors.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { CollectedInput } from "./collect-input.ts";
import { createLines } from "./lines.ts";

/** Puts inputs into batches. */
export interface Batches {
  /**
   * Has the commands sent that put these inputs into batches, in one unit; again when a batch has begun just before. Resolves with the id
   * of the job for each input. Calls with inputs of the same batch follow each other. `send` gets the ids too, for what it sends with them.
   */
  put(
    inputs: readonly CollectedInput[],
    send: (commands: readonly (Command | PluginsCommand)[], ids: readonly string[]) => Promise<unknown>,
  ): Promise<readonly string[]>;
}

/** A batch that takes inputs. */
interface Batch {
  readonly id: string;
  readonly workflow_id: string;
  readonly maxSize: number;
  /** When it runs, full or not. */
  readonly run_at: string;
  /** How many inputs it has had before. */
  readonly size: number;
  /** Those that come to it now. */
  readonly inputs: JsonObject[];
  /** For one that is not there yet. */
  readonly begins?: Pick<CollectedInput, "key" | "job"> & { readonly before: string | undefined };
}

// Each round lost means that a batch began, or was cancelled, just before the commit.
const ROUNDS = 10;

/** The batches of one gateway. */
export function createBatches(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Where to note the ids of jobs while they are created. */
  readonly opening: Pick<Set<string>, "add" | "delete">;
}): Batches {
  const { repo, clock, newId, opening } = options;
  const lines = createLines();

  return {
    put: (inputs, send) =>
      lines.inTurn([...new Set(inputs.map(nameOf))], async () => {
        for (let round = 1; ; round += 1) {
          const now = clock.now();
          const { batches, ids } = await plan(inputs, now);
          const created = batches.flatMap(({ id, begins }) => (begins === undefined ? [] : id));
          for (const id of created) opening.add(id);
          try {
            await send(
              batches.flatMap((batch) => commandsOf(batch, isoTime(now))),
              ids,
            );
            return ids;
          } catch (error) {
            if (!isClosed(error)) throw error;
            if (round === ROUNDS) throw lostTooOften(error);
          } finally {
            for (const id of created) opening.delete(id);
          }
        }
      }),
  };

  /** Which batch takes which input. */
  async function plan(inputs: readonly CollectedInput[], now: number) {
    const batches: Batch[] = [];
    const ids: string[] = [];
    const newest = new Map<string, { readonly id: string; readonly open?: Batch }>();
    for (const one of inputs) {
      const name = nameOf(one);
      const last = newest.get(name) ?? (await find(one));
      let batch = last?.open;
      if (batch === undefined || batch.size + batch.inputs.length >= batch.maxSize)
        batch = begin(one, last?.id, now);
      newest.set(name, { id: batch.id, open: batch });
      if (!batches.includes(batch)) batches.push(batch);
      batch.inputs.push(one.input);
      ids.push(batch.id);
    }
    return { batches, ids };
  }

  /** The newest batch of the key. Only one that has not begun is open. */
  async function find({ workflow_id, key, batch: { maxSize } }: CollectedInput) {
    const found = await repo.plugins.getBatch(workflow_id, key);
    if (found === undefined) return undefined;
    const { job_id: id, status, attempt, run_at, size } = found;
    if (status !== "queued" || attempt !== 0 || run_at === null) return { id };
    const open: Batch = { id, workflow_id, maxSize, run_at, size, inputs: [] };
    return { id, open };
  }

  function begin(one: CollectedInput, before: string | undefined, now: number): Batch {
    const { workflow_id, batch, key, job } = one;
    return {
      id: newId(),
      workflow_id,
      maxSize: batch.maxSize,
      run_at: isoTime(now + batch.maxWaitMs),
      size: 0,
      inputs: [],
      begins: { key, job, before },
    };
  }
}

function commandsOf(batch: Batch, now: string): readonly (Command | PluginsCommand)[] {
  const { id, workflow_id, size, inputs, begins } = batch;
  const isFull = size + inputs.length >= batch.maxSize;
  const added = inputs.map((input, index): PluginsCommand => {
    return { type: "plugins.batch.add", job_id: id, number: size + index + 1, input };
  });
  if (begins !== undefined) {
    const { key, before } = begins;
    const run_at = isFull ? now : batch.run_at;
    return [
      { type: "job.create", job: { ...begins.job, id, workflow_id, run_at } },
      {
        type: "plugins.batch.open",
        workflow_id,
        key,
        job_id: id,
        ...(before === undefined ? {} : { before }),
      },
      ...added,
    ];
  }
  // One that is due keeps its place among those that wait for a slot.
  if (!isFull || batch.run_at <= now) return added;
  return [...added, { type: "job.updateStatus", id, status: "queued", from: "queued", run_at: now }];
}

function nameOf({ workflow_id, key }: CollectedInput): string {
  return JSON.stringify([workflow_id, key]);
}

function lostTooOften(cause: unknown): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_BATCH_CLOSED",
    {},
    `Each of ${ROUNDS} batches began, ended or took another input just before the commit of this one. Nothing was changed. Repeat the call.`,
    { cause },
  );
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ATLAS_PLUGINS_BATCH_CLOSED";
}
