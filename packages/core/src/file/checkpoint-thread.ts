import { Worker } from "node:worker_threads";
import type { DriverName } from "./driver.ts";
import { findWorkerFile } from "./worker-file.ts";

/** `look`: bring the log into the file if it has grown enough. `all`: bring in whatever is there. */
export type CheckpointRequest = "look" | "all" | "end";

/** Pages in the log, and how many of them are in the file too; or what SQLite said. */
export type CheckpointAnswer =
  | { readonly log: number; readonly checkpointed: number }
  | { readonly error: string };

/** The database, and the driver with which its store has it open. */
export interface CheckpointTarget {
  readonly path: string;
  readonly driver: DriverName;
}

/** A thread with a connection of its own that checkpoints one database. */
export interface CheckpointThread {
  ask(request: "look" | "all"): void;
  /** Closes its connection and resolves once it has ended. */
  end(): Promise<void>;
}

/** Starts the thread. It does not keep the process alive. Throws `ATLAS_CORE_BUNDLED` if its file was left behind. */
export function startCheckpointThread(
  target: CheckpointTarget,
  hooks: { readonly onAnswer: (answer: CheckpointAnswer) => void; readonly onLost: (error: unknown) => void },
): CheckpointThread {
  const worker = new Worker(findWorkerFile("checkpoint-worker", import.meta.url), {
    workerData: target,
    execArgv: [],
    // It holds next to nothing, and V8 would take much more before it collects garbage.
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 },
  });
  worker.unref();
  let ending = false;
  const ended = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      if (!ending) hooks.onLost(new Error("The thread ended."));
      resolve();
    });
  });
  worker.on("error", (error) => {
    if (!ending) hooks.onLost(error);
    ending = true;
  });
  worker.on("message", hooks.onAnswer);
  return {
    ask: (request) => worker.postMessage(request satisfies CheckpointRequest),
    end() {
      ending = true;
      // Somebody waits for the end, so the process must live until then.
      worker.ref();
      worker.postMessage("end" satisfies CheckpointRequest);
      return ended;
    },
  };
}
