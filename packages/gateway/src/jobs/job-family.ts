import {
  type Command,
  type CommandSink,
  type Envelope,
  isCoreError,
  type Job,
  type ReadOnlyRepo,
} from "@atlas/core";
import type { PluginsModule } from "@atlas/plugins";
import { isJobOver, type PluginsCommand } from "@atlas/plugins/runtime";

/** Moves a job together with its children and their children. */
export interface JobFamily {
  /** Cancels the job; with `children`, also those below it that have not ended. */
  cancel(job: Job, options: FamilyOptions): Promise<void>;
  /** Queues the job again; with `children`, first those below it that ended as it did. */
  redrive(job: Job, options: FamilyOptions): Promise<void>;
}

interface FamilyOptions {
  readonly children: boolean;
  /** Of every command. */
  readonly envelope: Envelope | undefined;
}

/** The families of one gateway's jobs. */
export function createJobFamily(options: {
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly repo: ReadOnlyRepo<PluginsModule>;
}): JobFamily {
  const { commands, repo } = options;

  return {
    async cancel(job, { children, envelope }) {
      await cancelOne(job, envelope);
      // A cancelled parent creates no more of them. One that has succeeded has let go of them.
      if (children && job.status !== "succeeded") await cancelBelow(job.id, envelope);
    },
    async redrive(job, { children, envelope }) {
      // The parent comes last: it reads how its children ended.
      const below = children ? await endedBelow(job) : [];
      for (const one of below.toReversed()) await unlessMoved(() => redriveOne(one, envelope));
      await redriveOne(job, envelope);
    },
  };

  async function cancelOne(job: Job, envelope: Envelope | undefined): Promise<void> {
    if (isJobOver(job)) return;
    const { id } = job;
    // Or the job ended before the command arrived.
    await unlessMoved(() =>
      commands.enqueueAll(
        [
          { type: "plugins.wait.drop", job_id: id },
          { type: "job.updateStatus", id, status: "cancelled" },
        ],
        envelope,
      ),
    );
  }

  /** Parents first, so that none of them creates another child behind the search. */
  async function cancelBelow(root: string, envelope: Envelope | undefined): Promise<void> {
    await walk(root, async (child) => {
      await cancelOne(child, envelope);
      return child.status !== "succeeded";
    });
  }

  /** The jobs below that failed, and below a cancelled job also those that were cancelled. */
  async function endedBelow(root: Job): Promise<readonly Job[]> {
    const found: Job[] = [];
    const cancelled = new Set(root.status === "cancelled" ? [root.id] : []);
    await walk(root.id, async (child) => {
      const wasCancelled = child.status === "cancelled" && cancelled.has(child.parent_id ?? "");
      if (child.status !== "failed" && !wasCancelled) return false;
      if (wasCancelled) cancelled.add(child.id);
      found.push(child);
      return true;
    });
    return found;
  }

  function redriveOne({ id, attempt }: Job, envelope: Envelope | undefined): Promise<unknown> {
    const unit = [
      { type: "plugins.job.forgive", job_id: id, attempt },
      // Bound to that run, so that a second redrive does not queue again what the first has started.
      { type: "job.updateStatus", id, status: "queued", ...(attempt === 0 ? {} : { attempt }) },
    ] as const;
    return commands.enqueueAll(unit, envelope);
  }

  /** Visits every job below, parents first; not below those for which `visit` resolves with false. */
  async function walk(root: string, visit: (child: Job) => Promise<boolean>): Promise<void> {
    const parents = [root];
    const seen = new Set(parents);
    for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
      for (let after = ""; ; ) {
        const ids = await repo.plugins.listChildIds(parent, after);
        for (const id of ids) {
          const child = await repo.getJob(id);
          if (child === undefined || seen.has(id)) continue;
          seen.add(id);
          if (await visit(child)) parents.push(id);
        }
        const last = ids.at(-1);
        if (last === undefined) break;
        after = last;
      }
    }
  }
}

/** Somebody else may have moved the job first. */
async function unlessMoved(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) throw error;
  }
}
