import { PluginError } from "./errors.ts";

/** How the inputs of a workflow are collected: one job for several of them. */
export interface BatchOptions<Input = Record<string, unknown>> {
  /** How many inputs a batch takes, from 1 to 1,000. The batch runs at once when it is full. */
  readonly maxSize: number;
  /** How long a batch waits for further inputs, in milliseconds, counted from its first. */
  readonly maxWaitMs: number;
  /**
   * The key of an input: 1 to 255 bytes of UTF-8. Inputs of one key share a batch, and each key has a batch of its own. Default: all inputs
   * of the workflow share one. Where it throws, or returns something else, the input is refused with `ATLAS_PLUGINS_BATCH_KEY_INVALID`.
   */
  key?(input: Input): string;
}

/** The names of the options. */
export const BATCH_OPTIONS = [
  "maxSize",
  "maxWaitMs",
  "key",
] as const satisfies readonly (keyof BatchOptions)[];

/** The longest list that `run` may get. */
export const MAX_BATCH_SIZE = 1_000;

/** The ids of the jobs that are being created for batches. No other job of their workflows may be created. */
export type OpeningBatches = Pick<ReadonlySet<string>, "has">;

/** The error of a call that creates a job by itself, for a workflow that collects its inputs. */
export function batchDoor(workflow_id: string, door: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_BATCH_DOOR",
    { workflow_id, door },
    `The workflow "${workflow_id}" collects its inputs in batches, so ${door} cannot create a job for it. Nothing was changed. Pass the input to jobs.create or jobs.createMany, without an id, key or time of its own, or name events in the workflow's "on".`,
  );
}
