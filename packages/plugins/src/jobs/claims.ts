import {
  type Clock,
  type Command,
  type CommandSink,
  isCoreError,
  type Job,
  type Logger,
  type ReadOnlyRepo,
} from "@atlas/core";
import { createBackoff } from "@atlas/core/internal";
import type { PluginRegistry } from "../contract/registry.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { JobMoves } from "./job-moves.ts";
import { createKeyedLane } from "./keyed-lane.ts";
import { nextLane, type Permit, strictest } from "./next-lane.ts";
import { createReadyLane, LANE_POLL_MS, type ReadyLane } from "./ready-lane.ts";
import type { Slots } from "./slots.ts";

/** Finds ready jobs and claims them. */
export interface Claims {
  /** Begins an attempt at ready jobs until every slot is taken, and claims some ahead. Returns the pause until the next round. */
  round(): Promise<number | undefined>;
  /**
   * Moves the job to `running`. False when the job was cancelled, or moved otherwise, since it was read; and when the store cannot write,
   * after which rounds pause for a while.
   */
  claim(job: Job): Promise<boolean>;
  /** Says that jobs of this workflow came or were moved; without one, of any workflow. What was read ahead no longer counts. */
  changed(workflowId?: string): void;
  /** Says that a job of this workflow (without one: of some workflow) is due at this time, or is ready if that has passed. */
  due(run_at: string, workflowId?: string): void;
  /** Says that a taken job is queued again. The returned function says that it is no longer taken. */
  hide(job: Pick<Job, "workflow_id" | "group_key">): () => void;
  /** Begins no more jobs, also in a round that is under way. */
  stop(): void;
}

/** Something beside the slots that can keep the jobs of a workflow from beginning. */
export type Limit = (workflow: WorkflowPlugin, now: number) => Permit;

/** Something beside the slots that can keep the jobs of one key from beginning. */
export type KeyLimit = (workflow: WorkflowPlugin, key: string, now: number) => Permit;

/** Delayed jobs that one command marks as due: some milliseconds of the writer. */
const DUE_AT_ONCE = 1_000;

/** The claims of one runner. */
export function createClaims(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly moves: Pick<JobMoves, "start">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: PluginRegistry;
  readonly slots: Slots;
  /** How many more jobs of a workflow may be claimed though no slot is free. Default: none. */
  readonly aheadRoom?: (workflow: WorkflowPlugin) => number;
  /** Asked before each job, so they are to answer at once, from memory. Default: none. */
  readonly limits?: readonly Limit[];
  /** The same for a key of a workflow with `perKey`. Default: none. */
  readonly keyLimit?: KeyLimit;
  /** What to commit together with a claim. It is called before the next job is looked for. Default: nothing. */
  readonly together?: (
    workflow: WorkflowPlugin,
    job: Pick<Job, "id" | "attempt" | "group_key">,
  ) => readonly PluginsCommand[];
  /** True for a job that must not begin now: it is under way, or in quarantine. */
  readonly isBusy: (jobId: string) => boolean;
  /** Called when delayed jobs of a workflow with `perKey` have become ready. It is to ask for a round. */
  readonly onDue: () => void;
  /** Runs the job, whose `attempt` is that of the claim to come. It takes its slot before it returns, if one is free. */
  readonly begin: (job: Job, workflow: WorkflowPlugin) => void;
}): Claims {
  const {
    repo,
    commands,
    moves,
    clock,
    log,
    registry,
    slots,
    aheadRoom = () => 0,
    limits = [],
    keyLimit,
    together,
    isBusy,
    onDue,
    begin,
  } = options;
  const lanes = new Map<string, ReadyLane>();
  const backoff = createBackoff();
  /** No claim is tried before this time, on the monotonic clock. */
  let notBefore = Number.NEGATIVE_INFINITY;

  return {
    async round() {
      const now = clock.now();
      for (;;) {
        const troubleMs = notBefore - clock.monotonic();
        if (troubleMs > 0) return Number.isFinite(troubleMs) ? troubleMs : undefined;
        const open = openLanes(now);
        // Fewer reads than lanes: most of them are known to be empty.
        for (const lane of open)
          if (lane.isStale(now)) await lane.read({ now, count: roomOf(lane.workflow) });
        const lane = nextLane(open.filter(mayBegin));
        if (lane?.first === undefined) return pauseMs(now);
        const job = lane.first;
        // Whoever comes first and cannot be claimed ahead gets the next free slot.
        if (slots.free <= 0 && (aheadRoom(lane.workflow) <= 0 || job.attempt > 0)) return pauseMs(now);
        lane.take();
        begin({ ...job, attempt: job.attempt + 1 }, lane.workflow);
      }
    },
    async claim(job) {
      const { id, attempt, workflow_id, group_key } = job;
      // Readers see the job as queued until the claim is committed.
      const show = laneOf(workflow_id)?.hide(group_key);
      try {
        const workflow = registry.workflows.get(workflow_id);
        const others = (workflow === undefined ? undefined : together?.(workflow, job)) ?? [];
        const move = { type: "job.updateStatus", id, status: "running", attempt } as const;
        await (others.length === 0
          ? moves.start(job)
          : commands.enqueueAll([move, ...others], { actor: "runner" }));
        backoff.succeeded();
        return true;
      } catch (error) {
        if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) troubled(workflow_id, error);
        return false;
      } finally {
        show?.();
      }
    },
    changed(workflowId) {
      for (const lane of lanesOf(workflowId)) lane.changed();
    },
    due(run_at, workflowId) {
      const at = Date.parse(run_at);
      for (const lane of lanesOf(workflowId)) lane.due(at);
    },
    hide: ({ workflow_id, group_key }) => laneOf(workflow_id)?.hide(group_key) ?? (() => undefined),
    stop() {
      notBefore = Number.POSITIVE_INFINITY;
    },
  };

  /** Several claims fail together. They are one failure, and one line in the log. */
  function troubled(workflowId: string, error: unknown): void {
    // The job is still queued.
    laneOf(workflowId)?.changed();
    if (clock.monotonic() < notBefore || isCoreError(error, "ATLAS_CORE_STOPPED")) return;
    notBefore = clock.monotonic() + backoff.failed();
    if (backoff.failures === 1)
      log.error({ error }, "Jobs cannot be claimed. Atlas keeps trying, with growing pauses.");
  }

  function laneOf(workflowId: string): ReadyLane | undefined {
    const known = lanes.get(workflowId);
    const workflow = registry.workflows.get(workflowId);
    if (known !== undefined || workflow === undefined) return known;
    const parts = { workflow, repo, clock, isTaken: isBusy };
    const lane =
      workflow.perKey === undefined
        ? createReadyLane(parts)
        : createKeyedLane({
            ...parts,
            permit: (key) => permitOfKey(workflow, key),
            markDue: (now) => markDue(workflowId, now),
          });
    lanes.set(workflowId, lane);
    return lane;
  }

  async function markDue(workflow_id: string, at: string): Promise<void> {
    try {
      await commands.enqueue(
        { type: "job.markDue", workflow_id, at, limit: DUE_AT_ONCE },
        { actor: "runner" },
      );
      backoff.succeeded();
    } catch (error) {
      if (isCoreError(error, "ATLAS_CORE_STOPPED")) return;
      troubled(workflow_id, error);
    }
    onDue();
  }

  function lanesOf(workflowId: string | undefined): Iterable<ReadyLane> {
    return workflowId === undefined ? lanes.values() : [laneOf(workflowId)].flatMap((lane) => lane ?? []);
  }

  function roomOf(workflow: WorkflowPlugin): number {
    return slots.room(workflow) || Math.max(1, aheadRoom(workflow));
  }

  /** Beside the slots of all workflows, which are looked at apart. */
  function permitOf(workflow: WorkflowPlugin, now: number): Permit {
    return slots.ownRoom(workflow) > 0 ? limitOf(workflow, now) : "later";
  }

  function limitOf(workflow: WorkflowPlugin, now: number): Permit {
    return strictest(limits.map((limit) => limit(workflow, now)));
  }

  /** False while the first job of a workflow that has reached its own limit cannot be claimed ahead: other workflows go on. */
  function mayBegin({ workflow, first }: ReadyLane): boolean {
    return slots.ownRoom(workflow) > 0 || (first?.attempt === 0 && aheadRoom(workflow) > 0);
  }

  function permitOfKey(workflow: WorkflowPlugin, key: string | undefined): Permit {
    const permit = slots.permitKey(workflow, key);
    if (permit !== "now" || key === undefined || keyLimit === undefined) return permit;
    return keyLimit(workflow, key, clock.now());
  }

  function mayClaimAhead(): boolean {
    for (const workflow of registry.workflows.values()) if (aheadRoom(workflow) > 0) return true;
    return false;
  }

  function openLanes(now: number): readonly ReadyLane[] {
    if (slots.free <= 0 && !mayClaimAhead()) return [];
    const open: ReadyLane[] = [];
    for (const workflow of registry.workflows.values()) {
      if (limitOf(workflow, now) !== "now") continue;
      if (slots.ownRoom(workflow) <= 0 && aheadRoom(workflow) <= 0) continue;
      const lane = laneOf(workflow.id);
      if (lane !== undefined) open.push(lane);
    }
    return open;
  }

  /** Until a job is due or a limit ends. Without a free slot, the end of an attempt calls for the next round. */
  function pauseMs(now: number): number | undefined {
    if (slots.free <= 0) return undefined;
    let next = now + LANE_POLL_MS;
    for (const { workflow, dueAt } of lanes.values()) {
      const permit = permitOf(workflow, now);
      if (permit === "now") next = Math.min(next, dueAt);
      else if (permit !== "later") next = Math.min(next, permit.notBefore);
    }
    return Math.max(1, next - now);
  }
}
