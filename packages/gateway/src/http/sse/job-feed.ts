import type { JobProgress } from "@atlas/plugins";
import { isJobOver } from "@atlas/plugins/runtime";
import type { Gateway } from "../../gateway.ts";
import type { JobEventName } from "../../jobs/job-events.ts";
import type { EventStream } from "./event-stream.ts";
import { encodeFrame } from "./frame.ts";

/** What happens to jobs, for streams. However many there are, the gateway has one listener. */
export interface JobFeed {
  follow(id: string): {
    readonly work: (stream: EventStream) => Promise<void>;
    readonly onOver: () => void;
  };
}

/** One stream that follows a job. */
interface Watcher {
  moved(): void;
  progressed(progress: JobProgress): void;
}

const NAMES: readonly JobEventName[] = ["created", "started", "requeued", "succeeded", "failed", "cancelled"];

/** The feed of one gateway. It listens only while a stream does. */
export function createJobFeed({ jobs }: Pick<Gateway, "jobs">): JobFeed {
  const watchers = new Map<string, Set<Watcher>>();
  let stopListening: (() => void) | undefined;

  return {
    follow(id) {
      let leave = (): void => undefined;
      return {
        onOver: () => leave(),
        async work(stream) {
          const woken = createWakeUp();
          let progress: JobProgress | undefined;
          let hasMoved = true;
          const watcher: Watcher = {
            moved() {
              hasMoved = true;
              woken.wake();
            },
            progressed(latest) {
              progress = latest;
              woken.wake();
            },
          };
          watch(id, watcher);
          leave = () => {
            unwatch(id, watcher);
            woken.wake();
          };
          if (stream.isOver) return leave();
          progress = jobs.progress.of(id);
          while (!stream.isOver) {
            if (hasMoved) {
              hasMoved = false;
              const job = await jobs.get(id);
              // It was pruned meanwhile.
              if (job === undefined) return stream.end();
              const { result: _, ...status } = job;
              stream.send(encodeFrame({ event: "status", data: status }));
              if (isJobOver(job)) {
                stream.send(encodeFrame({ event: "end", data: job }));
                return stream.end();
              }
            }
            if (progress !== undefined) {
              stream.send(encodeFrame({ event: "progress", data: progress }));
              progress = undefined;
            }
            // Of what comes while the client is slow, it gets the last.
            await stream.drained();
            if (!hasMoved && progress === undefined && !stream.isOver) await woken.next();
          }
        },
      };
    },
  };

  function watch(id: string, watcher: Watcher): void {
    const ofJob = watchers.get(id) ?? new Set();
    watchers.set(id, ofJob.add(watcher));
    stopListening ??= listen();
  }

  function unwatch(id: string, watcher: Watcher): void {
    const ofJob = watchers.get(id);
    ofJob?.delete(watcher);
    if (ofJob?.size === 0) watchers.delete(id);
    if (watchers.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  }

  function listen(): () => void {
    const stops = [
      jobs.progress.listen((id, progress) => {
        for (const watcher of watchers.get(id) ?? []) watcher.progressed(progress);
      }),
      ...NAMES.map((name) =>
        jobs.on(name, ({ job_id }) => {
          for (const watcher of watchers.get(job_id) ?? []) watcher.moved();
        }),
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }
}

/** Lets one loop sleep until it is woken. */
function createWakeUp(): { wake(): void; next(): Promise<void> } {
  let resolve: (() => void) | undefined;
  return {
    wake() {
      resolve?.();
      resolve = undefined;
    },
    next: () =>
      new Promise<void>((woken) => {
        resolve = woken;
      }),
  };
}
