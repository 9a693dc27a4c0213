import {
  type Clock,
  type Command,
  type CommandSink,
  type CommittedBatch,
  type DomainEvent,
  isCoreError,
  type JsonValue,
  type Logger,
  type ReadOnlyRepo,
} from "@atlas/core";
import { matchesEvent } from "../contract/event-filter.ts";
import { isJobOver, type Wait } from "../contract/wait.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";

/** Looks out for what waiting jobs wait for, and queues them when it is there. */
export interface Waits {
  /** Takes up the waits that are stored, and looks for what happened meanwhile. */
  load(): Promise<void>;
  /** Takes up a wait that was committed just now. */
  add(wait: Wait): Promise<void>;
  /** Hears of what happened. */
  committed(batch: CommittedBatch): void;
  stop(): void;
}

const EVENTS_A_PAGE = 500;
const RETRY_MS = 1_000;

/** The waits of one gateway's jobs. Sleeps are not among them: their jobs are queued with the time. */
export function createWaits(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly clock: Clock;
  readonly log: Logger;
}): Waits {
  const { repo, commands, clock, log } = options;
  const waits = new Map<string, { readonly wait: Wait; readonly open: Set<string> }>();
  const retries = new Set<() => void>();

  return {
    async load() {
      for (const wait of await repo.plugins.listJobWaits()) await add(wait);
    },
    add,
    committed({ events }) {
      if (waits.size === 0) return;
      for (const event of events) {
        if (event.type === "job.started" || event.type === "job.cancelled")
          waits.delete(event.aggregate_id ?? "");
        for (const { wait, open } of waits.values()) consider(wait, open, event);
      }
    },
    stop() {
      for (const cancel of retries) cancel();
      retries.clear();
      waits.clear();
    },
  };

  async function add(wait: Wait): Promise<void> {
    const { wait_for } = wait;
    if (wait_for.kind === "time") return;
    const open = new Set(wait_for.kind === "jobs" ? wait_for.ids : []);
    // Listening begins before the look, so that nothing is missed in between; what is seen twice is refused once.
    waits.set(wait.job_id, { wait, open });
    if (wait_for.kind === "jobs") await lookForJobs(wait, open);
    else await lookForEvent(wait, wait_for.filter.type);
  }

  async function lookForJobs(wait: Wait, open: Set<string>): Promise<void> {
    for (const id of [...open]) {
      const job = await repo.getJob(id);
      if (job === undefined || isJobOver(job)) open.delete(id);
    }
    if (open.size === 0) finish(wait, undefined);
  }

  async function lookForEvent(wait: Wait, type: string): Promise<void> {
    for (let after = wait.after_seq; waits.get(wait.job_id)?.wait === wait; ) {
      const seqs = await repo.plugins.listEventSeqs({ type, after, limit: EVENTS_A_PAGE });
      for (const seq of seqs) {
        const [event] = (await repo.listDomainEvents({ after: seq - 1, limit: 1 })).items;
        if (event !== undefined) consider(wait, new Set(), event);
      }
      if (seqs.length < EVENTS_A_PAGE) return;
      after = seqs.at(-1) ?? after;
    }
  }

  function consider(wait: Wait, open: Set<string>, event: DomainEvent): void {
    const { wait_for } = wait;
    if (wait_for.kind === "event") {
      // A domain event is JSON all through.
      if (event.seq > wait.after_seq && matchesEvent(event, wait_for.filter))
        finish(wait, event as unknown as JsonValue);
    } else if (wait_for.kind === "jobs" && isEndOfJob(event) && open.delete(event.aggregate_id ?? "")) {
      if (open.size === 0) finish(wait, undefined);
    }
  }

  function finish(wait: Wait, result: JsonValue | undefined): void {
    if (waits.get(wait.job_id)?.wait !== wait) return;
    waits.delete(wait.job_id);
    queueAgain(wait, result);
  }

  function queueAgain(wait: Wait, result: JsonValue | undefined): void {
    const { job_id, name, attempt } = wait;
    const ended = {
      type: "plugins.job.waitEnd",
      job_id,
      name,
      ...(result === undefined ? {} : { result }),
    } as const;
    commands
      .enqueueAll([ended, { type: "job.updateStatus", id: job_id, status: "queued", attempt }], {
        actor: "runner",
      })
      .catch((error: unknown) => {
        // Refused: the job waits there no longer. Anything else is the storage's, and passes.
        if (!isCoreError(error) || !error.retryable) return;
        log.warn({ error, job: job_id }, "A job that waited could not be queued; it will be tried again.");
        const cancel = clock.after(RETRY_MS, () => {
          retries.delete(cancel);
          queueAgain(wait, result);
        });
        retries.add(cancel);
      });
  }
}

function isEndOfJob({ type }: DomainEvent): boolean {
  return type === "job.succeeded" || type === "job.failed" || type === "job.cancelled";
}
