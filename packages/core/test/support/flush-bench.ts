import { onTestFinished } from "vitest";
import type { Connection } from "../../src/file/connection.ts";
import {
  type AnyCommand,
  type Committed,
  type Failpoint,
  type Logger,
  type StoreModule,
  silentLogger,
} from "../../src/index.ts";
import { createCommandQueue } from "../../src/intake/command-queue.ts";
import type { Executor } from "../../src/writing/executor.ts";
import { createFlushLoop, type FlushLoop } from "../../src/writing/flush-loop.ts";
import type { Awaitable } from "../../src/writing/work.ts";
import type { Writer } from "../../src/writing/writer.ts";
import { openWriterBench, type WriterBench } from "./writer-bench.ts";

/** A queue, a loop and a writer on a connection that the test holds, with time standing still. */
export interface FlushBench extends WriterBench {
  readonly loop: FlushLoop;
  /** How often the loop asked for a new writer. */
  readonly reopened: () => number;
  send(...commands: readonly AnyCommand[]): Promise<readonly Committed[]>;
}

export async function openFlushBench(
  options: {
    readonly storageDeadlineMs?: number;
    readonly failpoint?: Failpoint;
    /** Stands between the loop and the real writer. */
    readonly wrapWriter?: (writer: Writer) => Writer;
    readonly executorOf?: (connection: Connection) => Executor;
    readonly log?: Logger;
    readonly modules?: readonly StoreModule[];
    /** Default: another writer. */
    readonly reopen?: () => Awaitable<Writer>;
  } = {},
): Promise<FlushBench> {
  const { failpoint = () => undefined, wrapWriter = (writer) => writer } = options;
  const bench = await openWriterBench({
    failpoint,
    modules: options.modules ?? [],
    ...(options.executorOf === undefined ? {} : { executorOf: options.executorOf }),
  });
  const queue = createCommandQueue({ maxCommands: 10_000, maxBytes: 1_000_000_000 });
  let reopened = 0;
  const loop = createFlushLoop({
    queue,
    writer: wrapWriter(bench.writer),
    reopen: () => {
      reopened += 1;
      return (options.reopen ?? bench.newWriter)();
    },
    clock: bench.clock,
    log: options.log ?? silentLogger,
    failpoint,
    storageDeadlineMs: options.storageDeadlineMs ?? 30_000,
  });
  onTestFinished(async () => {
    const stopped = loop.stop();
    bench.clock.advance(1_000_000);
    await stopped;
  });
  return {
    ...bench,
    loop,
    reopened: () => reopened,
    send(...commands) {
      const waiter = Promise.withResolvers<unknown>();
      queue.push({ ...bench.unit(commands), waiter });
      loop.wake();
      const sent = waiter.promise as Promise<readonly Committed[]>;
      sent.catch(() => undefined);
      return sent;
    },
  };
}
