import {
  type Clock,
  type Command,
  type CommandSink,
  type Envelope,
  isoTime,
  type Job,
  type ReadOnlyRepo,
} from "@atlas/core";
import type { PluginsModule } from "@atlas/plugins";
import {
  type Batches,
  type CollectedInput,
  checkedJob,
  checkOptions,
  isJobOver,
  type PluginRegistry,
  type PluginsCommand,
  withContext,
} from "@atlas/plugins/runtime";
import { toCollected } from "./batch-request.ts";
import type { CreateOptions } from "./create-options.ts";
import { checkInput, conflict, ended } from "./job-keys.ts";
import { type JobRequest, toWanted, type Wanted, type WantedKey } from "./job-request.ts";

// Each round lost means that somebody else created a job with one of the keys, or that one of these ended.
const ROUNDS = 10;

type Alongside = (ids: readonly string[]) => readonly (Command | PluginsCommand)[];

/** Creates jobs in one unit, or finds those that count as the same. Returns one job for each request, in their order. */
export function createJobCreation(options: {
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly registry: PluginRegistry;
  readonly batches: Batches;
  readonly clock: Clock;
  readonly newId: () => string;
}): (
  requests: readonly JobRequest[],
  envelope?: Envelope,
  options?: CreateOptions,
) => Promise<readonly Job[]> {
  const { commands, repo, registry, batches, clock, newId } = options;

  return async (requests, envelope, options = {}) => {
    checkOptions("jobs.create: options", options, ["alongside"]);
    // The store checks them: it knows the commands of every module.
    const alongside = options.alongside as Alongside | undefined;
    const wanted: Wanted[] = [];
    const collected: CollectedInput[] = [];
    const isBatch: boolean[] = [];
    // What is no object, the store refuses.
    const context = typeof envelope?.context === "object" ? (envelope.context ?? undefined) : undefined;
    for (const request of requests) {
      const workflow = registry.workflow(request.workflow_id);
      const { batch } = workflow;
      isBatch.push(batch !== undefined);
      // With the context now, so that the store need not check the job again after it has added it.
      if (batch === undefined)
        wanted.push(toWanted(withContext(await checkedJob(workflow, request), context), newId));
      else collected.push(await toCollected(request, workflow, batch));
    }
    // One for each request.
    const inOrder = <One>(apart: Iterable<One>, inBatches: Iterable<One>): readonly One[] => {
      const [one, other] = [apart[Symbol.iterator](), inBatches[Symbol.iterator]()];
      return isBatch.map((is) => (is ? other : one).next().value as One);
    };
    if (collected.length === 0) return createAll(wanted, { envelope, alongside });
    let created: readonly Job[] = [];
    const ids = await batches.put(collected, async (together, batchIds) => {
      created = await createAll(wanted, {
        envelope,
        together,
        alongside: (apart) => alongside?.(inOrder(apart, batchIds)) ?? [],
      });
    });
    const taken = await Promise.all(ids.map((id) => repo.getJob(id)));
    return inOrder(created, taken as readonly Job[]);
  };

  /** Creates jobs, together with other commands. Returns one job for each that is wanted. */
  async function createAll(
    wanted: readonly Wanted[],
    {
      envelope,
      together = [],
      alongside = () => [],
    }: {
      readonly envelope: Envelope | undefined;
      readonly together?: readonly (Command | PluginsCommand)[];
      readonly alongside: Alongside | undefined;
    },
  ): Promise<readonly Job[]> {
    for (let round = 1; ; round += 1) {
      const unit: (Command | PluginsCommand)[] = [...together];
      const jobs = new Map<string, string>();
      const ids: string[] = [];
      for (const one of wanted) ids.push(await add(one, { unit, jobs }));
      try {
        await send([...unit, ...alongside(ids)], envelope);
        const created = await Promise.all(ids.map((id) => repo.getJob(id)));
        // Missing: an idempotency key was taken between the look and the commit.
        if (created.every((job) => job !== undefined)) return created;
        if (round === ROUNDS) throw new TypeError("The jobs were created, but some of them cannot be found.");
      } catch (error) {
        if (!isTaken(error) || round === ROUNDS) throw error;
      }
    }
  }

  /** Adds the commands of one job to the unit, unless another counts as the same. Returns the id of that job. */
  async function add(
    { job, key }: Wanted,
    { unit, jobs }: { readonly unit: (Command | PluginsCommand)[]; readonly jobs: Map<string, string> },
  ): Promise<string> {
    if (key === undefined) {
      unit.push({ type: "job.create", job });
      return job.id;
    }
    const { workflow_id } = job;
    const name = JSON.stringify([workflow_id, key.scope, key.key]);
    const inUnit = jobs.get(name);
    if (inUnit !== undefined) {
      const [first] = unit.flatMap((command) =>
        command.type === "job.create" && command.job.id === inUnit ? [command.job] : [],
      );
      if (first !== undefined) checkInput({ id: inUnit, input: first.input ?? {} }, job, key);
      return inUnit;
    }
    const same = await findSame(job, key);
    if (same !== undefined) return same.id;
    unit.push({ type: "job.create", job }, keyCommand(job, key));
    jobs.set(name, job.id);
    return job.id;
  }

  function keyCommand(job: Wanted["job"], key: WantedKey): PluginsCommand {
    return {
      type: "plugins.job.key",
      workflow_id: job.workflow_id,
      scope: key.scope,
      key: key.key,
      job_id: job.id,
      input_digest: key.digest,
      ...(key.forMs === undefined ? {} : { until: isoTime(clock.now() + key.forMs) }),
    };
  }

  async function findSame(job: Wanted["job"], key: WantedKey): Promise<Job | undefined> {
    const { workflow_id } = job;
    const held = await repo.plugins.getJobKey(workflow_id, key.scope, key.key);
    const holder = held === undefined ? undefined : await repo.getJob(held.job_id);
    // A plain command knows no other keys.
    const found = holder ?? (key.scope === "job" ? await repo.getJobByKey(workflow_id, key.key) : undefined);
    if (found === undefined || !counts(found, held?.until ?? undefined, key)) return undefined;
    if (holder === undefined) checkInput(found, job, key);
    else if (held?.input_digest !== key.digest) throw conflict(found, job, key);
    if (key.scope === "job" && (found.status === "failed" || found.status === "cancelled"))
      throw ended(found, key.key);
    return found;
  }

  function counts(found: Job, until: string | undefined, { scope, forMs = 0 }: WantedKey) {
    if (scope === "job") return true;
    if (scope === "active") return !isJobOver(found);
    const now = clock.now();
    return until !== undefined && until > isoTime(now) && until <= isoTime(now + forMs);
  }

  function send(
    unit: readonly (Command | PluginsCommand)[],
    envelope: Envelope | undefined,
  ): Promise<unknown> {
    const [only] = unit;
    if (only === undefined) return Promise.resolve();
    return unit.length === 1 ? commands.enqueue(only, envelope) : commands.enqueueAll(unit, envelope);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ATLAS_PLUGINS_KEY_TAKEN";
}
