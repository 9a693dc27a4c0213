import {
  type Clock,
  type Command,
  type CommandSink,
  canonicalJson,
  type Envelope,
  isoTime,
  type Job,
  type JsonObject,
  type NewJob,
  type ReadOnlyRepo,
} from "@atlas/core";
import type { PluginsModule } from "@atlas/plugins";
import {
  batchDoor,
  checkedJob,
  checkOptions,
  createLines,
  digestOf,
  type PluginRegistry,
  type PluginsCommand,
} from "@atlas/plugins/runtime";

/** Which calls count as one, and how long each of them puts the run off. */
export interface DebounceOptions {
  /** What the calls have in common, such as `index:42`. It belongs to the workflow. */
  readonly key: string;
  /** The run begins when there was no call for so many milliseconds. */
  readonly waitMs: number;
  /**
   * The run is put off by no more than so many milliseconds from the first call. Default: no limit, so calls that never pause for `waitMs`
   * put it off for ever.
   */
  readonly maxWaitMs?: number;
}

/** A job that a call of `jobs.debounce` created, or gave another input and time. */
export interface DebouncedJob {
  /** `created`: no job of this key waited to begin. `replaced`: the input of this call has replaced that of the call before. */
  readonly outcome: "created" | "replaced";
  /** The job, whose `run_at` says when it begins. */
  readonly job: Job;
}

/** A job whose run is put off. What it has beside its input comes from the first call. */
export type DebounceRequest = Omit<NewJob, "id" | "run_at" | "created_at" | "idempotency_key">;

/** Creates a job that begins later, or gives the one of its key that has not begun another input and time. */
export type Debounce = (
  request: DebounceRequest,
  options: DebounceOptions,
  envelope?: Envelope,
) => Promise<DebouncedJob>;

const REQUEST = [
  "workflow_id",
  "input",
  "priority",
  "parent_id",
  "max_attempts",
  "context",
  "deadline_at",
  "group_key",
] as const satisfies readonly (keyof DebounceRequest)[];
const LONGEST_MS = 10 * 365 * 24 * 60 * 60 * 1_000;
// Each round lost means that the job began, or was cancelled, just before the commit.
const ROUNDS = 10;

/** The `jobs.debounce` of one gateway. */
export function createDebounce(options: {
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly registry: PluginRegistry;
  readonly clock: Clock;
  readonly newId: () => string;
}): Debounce {
  const { commands, repo, registry, clock, newId } = options;
  // Calls of one key follow each other: a call that has to look again must not overwrite the input of a later one.
  const lines = createLines();

  return async (request, debounce, envelope) => {
    check(request, debounce);
    // What the caller changes in its object later is not meant.
    const input = JSON.parse(canonicalJson(request.input ?? {})) as JsonObject;
    const wanted = { ...request, input };
    const name = JSON.stringify([wanted.workflow_id, debounce.key]);
    const workflow = registry.workflow(wanted.workflow_id);
    if (workflow.batch !== undefined) throw batchDoor(workflow.id, "jobs.debounce");
    return lines.inTurn([name], async () => put(await checkedJob(workflow, wanted), debounce, envelope));
  };

  async function put(
    wanted: DebounceRequest & { readonly input: JsonObject },
    debounce: DebounceOptions,
    envelope: Envelope | undefined,
  ): Promise<DebouncedJob> {
    for (let round = 1; ; round += 1) {
      const waiting = await findWaiting(wanted.workflow_id, debounce.key);
      const id = waiting?.id ?? newId();
      const run_at = timeOf(waiting?.created_at, debounce);
      const { input, group_key } = wanted;
      try {
        if (waiting === undefined)
          await commands.enqueueAll(
            [
              { type: "job.create", job: { ...wanted, id, run_at } },
              {
                type: "plugins.job.key",
                workflow_id: wanted.workflow_id,
                scope: "debounce",
                key: debounce.key,
                job_id: id,
                input_digest: digestOf(canonicalJson(input)),
              },
            ],
            envelope,
          );
        else
          await commands.enqueue(
            {
              type: "job.updateStatus",
              id,
              status: "queued",
              run_at,
              input,
              ...(group_key === undefined ? {} : { group_key }),
            },
            envelope,
          );
        const job = await repo.getJob(id);
        if (job !== undefined) return { outcome: waiting === undefined ? "created" : "replaced", job };
        if (round === ROUNDS) throw new TypeError(`The job "${id}" was stored, but it cannot be found.`);
      } catch (error) {
        if (!isMoved(error) || round === ROUNDS) throw error;
      }
    }
  }

  async function findWaiting(workflow_id: string, key: string): Promise<Job | undefined> {
    const held = await repo.plugins.getJobKey(workflow_id, "debounce", key);
    const job = held === undefined ? undefined : await repo.getJob(held.job_id);
    return job?.status === "queued" && job.attempt === 0 ? job : undefined;
  }

  function timeOf(created_at: string | undefined, { waitMs, maxWaitMs }: DebounceOptions): string {
    const now = clock.now();
    const first = created_at === undefined ? now : Date.parse(created_at);
    return isoTime(Math.min(now + waitMs, first + (maxWaitMs ?? LONGEST_MS)));
  }
}

function check(request: DebounceRequest, options: DebounceOptions): void {
  const what = "jobs.debounce";
  checkOptions(what, request, REQUEST);
  checkOptions(`${what}: options`, options, ["key", "waitMs", "maxWaitMs"]);
  const { key, waitMs, maxWaitMs = LONGEST_MS } = options;
  if (typeof key !== "string" || key === "")
    throw new TypeError(`${what}: key must be a text such as "index:42"; got ${JSON.stringify(key)}.`);
  for (const [name, value] of Object.entries({ waitMs, maxWaitMs })) {
    if (!Number.isInteger(value) || value < 1 || value > LONGEST_MS)
      throw new TypeError(
        `${what}: ${name} must be a whole number of milliseconds from 1 to ${LONGEST_MS} (10 years); got ${String(value)}.`,
      );
  }
  if (maxWaitMs < waitMs)
    throw new TypeError(
      `${what}: maxWaitMs (${maxWaitMs}) is shorter than waitMs (${waitMs}), so that no call would be waited for. Make it longer, or leave it out.`,
    );
}

/** The job that was found has begun, or another one took the key. */
function isMoved(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ATLAS_PLUGINS_KEY_TAKEN" || error.code === "ATLAS_CORE_JOB_CONFLICT";
}
