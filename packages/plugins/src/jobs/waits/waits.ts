import type {
  Clock,
  Command,
  CommandSink,
  CommittedBatch,
  DomainEvent,
  JsonValue,
  Logger,
  ReadOnlyRepo,
} from "@atlas/core";
import { isJobOver, type JobWait } from "../../contract/wait.ts";
import type { PluginsCommand, PluginsModule } from "../../module/plugins-module.ts";
import { createEventIndex, type EventAddress } from "./event-index.ts";
import { scanEvents } from "./find-event.ts";
import { type Answer, createWaker } from "./wake.ts";

/** Looks out for what parked jobs wait for, and queues them when it is there. Answers and times need no memory: see `signals.ts`. */
export interface Waits {
  /** Takes up the waits that are stored, and looks for what happened meanwhile. */
  load(): Promise<void>;
  /** Takes up the waits of a job that was parked just now. */
  parked(jobId: string): Promise<void>;
  /** Hears of what happened. */
  committed(batch: CommittedBatch): void;
  stop(): void;
}

/** A wait that is listened for. */
interface Listener {
  readonly wait: JobWait;
  readonly to: readonly EventAddress[];
  /** The jobs that are not over yet. */
  readonly open: Set<string>;
}

/** A wait that is over, of a job that was not woken yet. */
interface Ended {
  readonly jobId: string;
  readonly answer: Answer;
}

const WAITS_A_PAGE = 250;
// A few milliseconds of work, and one commit.
const WOKEN_AT_ONCE = 100;
const ENDS_OF_JOBS = ["job.succeeded", "job.failed", "job.cancelled"];

/** The waits of one gateway's jobs. */
export function createWaits(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly clock: Clock;
  readonly log: Logger;
}): Waits {
  const { repo, log } = options;
  const waker = createWaker(options);
  const index = createEventIndex<Listener>();
  const byJob = new Map<string, Set<Listener>>();
  let ended: Ended[] = [];
  let isWaking = false;

  return {
    async load() {
      for (const { id } of await repo.plugins.listAnsweredJobs()) await wake(id);
      const jobs = await loadKind("jobs");
      const events = await loadKind("event");
      for (const listener of jobs) await lookForJobs(listener);
      await catchUp(events);
    },
    async parked(jobId) {
      const job = await repo.getJob(jobId);
      const waits = (await repo.plugins.listWaits(jobId)).filter(({ attempt }) => attempt === job?.attempt);
      // It was answered while it was being parked.
      if (waits.some(({ answer }) => answer !== undefined)) return wake(jobId);
      const added = waits.filter(({ kind }) => kind === "event" || kind === "jobs").map(listen);
      for (const listener of added) if (listener.wait.kind === "jobs") await lookForJobs(listener);
      await catchUp(added.filter(({ wait }) => wait.kind === "event"));
    },
    committed({ events }) {
      if (byJob.size === 0) return;
      for (const event of events) {
        if (event.type === "job.started" || event.type === "job.cancelled") forget(event.aggregate_id ?? "");
        for (const listener of index.find(event)) consider(listener, event);
      }
    },
    stop() {
      waker.stop();
      ended = [];
      for (const id of [...byJob.keys()]) forget(id);
    },
  };

  async function loadKind(kind: "event" | "jobs"): Promise<readonly Listener[]> {
    const loaded: Listener[] = [];
    for (let after: JobWait | undefined; ; ) {
      const page = await repo.plugins.listParkedWaits({
        kind,
        limit: WAITS_A_PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const wait of page) loaded.push(listen(wait));
      after = page.at(-1);
      if (page.length < WAITS_A_PAGE) return loaded;
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  function listen(wait: JobWait): Listener {
    const { filter, ids = [], job_id } = wait;
    const to: readonly EventAddress[] =
      filter === undefined
        ? ids.flatMap((aggregate_id) => ENDS_OF_JOBS.map((type) => ({ type, aggregate_id })))
        : [filter];
    const listener: Listener = { wait, to, open: new Set(ids) };
    for (const address of to) index.add(listener, address);
    const ofJob = byJob.get(job_id);
    if (ofJob === undefined) byJob.set(job_id, new Set([listener]));
    else ofJob.add(listener);
    return listener;
  }

  function forget(jobId: string): void {
    for (const listener of byJob.get(jobId) ?? [])
      for (const address of listener.to) index.remove(listener, address);
    byJob.delete(jobId);
  }

  function isListening(listener: Listener): boolean {
    return byJob.get(listener.wait.job_id)?.has(listener) === true;
  }

  /** One scan for all of them, from the first place that one of them has not seen. Listening has begun before, so nothing is missed. */
  async function catchUp(listeners: readonly Listener[]): Promise<void> {
    if (listeners.length === 0) return;
    const mine = new Set(listeners);
    // By type, the last number that all of them have seen.
    const seen = new Map<string, number>();
    let after = Number.MAX_SAFE_INTEGER;
    for (const { wait, to } of listeners) {
      const { scanned_seq = 0 } = wait;
      after = Math.min(after, scanned_seq);
      for (const { type } of to) seen.set(type, Math.min(seen.get(type) ?? scanned_seq, scanned_seq));
    }
    await scanEvents(repo, {
      types: [...seen.keys()],
      after,
      wants: (key) => key.seq > (seen.get(key.type) ?? Number.MAX_SAFE_INTEGER) && index.mayFind(key),
      found(event) {
        for (const listener of index.find(event)) if (mine.has(listener)) consider(listener, event);
        return false;
      },
    });
  }

  async function lookForJobs(listener: Listener): Promise<void> {
    for (const id of [...listener.open]) {
      const job = await repo.getJob(id);
      if (job === undefined || isJobOver(job)) listener.open.delete(id);
    }
    if (listener.open.size === 0) finish(listener, null);
    else if (isListening(listener) && closesCircle(listener)) {
      const { job_id } = listener.wait;
      forget(job_id);
      // It reaches this wait again, and now finds the others parked: the wait is refused there.
      await wake(job_id);
    }
  }

  /** Jobs that wait for each other from the same instant on: at the door, none of them saw that the others would park. */
  function closesCircle({ wait, open }: Listener): boolean {
    const seen = new Set<string>();
    const next = [...open];
    for (let id = next.pop(); id !== undefined; id = next.pop()) {
      if (id === wait.job_id) return true;
      if (seen.has(id)) continue;
      seen.add(id);
      for (const other of byJob.get(id) ?? []) if (other.wait.kind === "jobs") next.push(...other.open);
    }
    return false;
  }

  function consider(listener: Listener, event: DomainEvent): void {
    const { filter, scanned_seq = 0 } = listener.wait;
    if (filter !== undefined) {
      // A domain event is JSON all through.
      if (event.seq > scanned_seq) finish(listener, event as unknown as JsonValue);
    } else if (listener.open.delete(event.aggregate_id ?? "") && listener.open.size === 0) {
      finish(listener, null);
    }
  }

  function finish(listener: Listener, value: JsonValue): void {
    if (!isListening(listener)) return;
    const { job_id, name, kind } = listener.wait;
    // The first answer wakes the job; it hears of the others when it waits again.
    forget(job_id);
    ended.push({ jobId: job_id, answer: { name, kind, value, by: "runner" } });
    if (!isWaking) void wakeEnded();
  }

  /** One event may end thousands of waits. Their jobs are woken in parts, each after the commit of the one before. */
  async function wakeEnded(): Promise<void> {
    isWaking = true;
    // Those that the same commit ends are woken together.
    await Promise.resolve();
    while (ended.length > 0) await Promise.all(ended.splice(0, WOKEN_AT_ONCE).map(wakeOne));
    isWaking = false;
  }

  async function wakeOne({ jobId, answer }: Ended): Promise<void> {
    try {
      const job = await repo.getJob(jobId);
      if (job?.status === "queued") await waker.wake(job, answer);
    } catch (error) {
      log.error(
        { error, job_id: jobId },
        "A job that waited could not be read, and sleeps until the next start.",
      );
    }
  }

  async function wake(jobId: string): Promise<void> {
    const job = await repo.getJob(jobId);
    if (job?.status === "queued") void waker.wake(job);
  }
}
