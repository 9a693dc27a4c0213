import { CoreError } from "../contract/errors.ts";
import type { Unit } from "./unit.ts";

/** How much may wait for a commit. Anything beyond is refused at once with `ATLAS_CORE_QUEUE_FULL`. */
export interface QueueBounds {
  /** Commands. Default: 10,000. */
  readonly maxCommands: number;
  /** Bytes of memory, estimated. Default: 64 MiB. */
  readonly maxBytes: number;
}

/** The units that wait for a commit: bounded, first in, first out. */
export interface CommandQueue {
  /** Adds a unit at the end; throws `ATLAS_CORE_COMMAND_TOO_LARGE` if it can never fit, or `ATLAS_CORE_QUEUE_FULL` when it does not fit. */
  push(unit: Unit): void;
  /** Takes whole units from the front: at least one, and no more than fit the limits. */
  drain(limits: { readonly maxCommands: number; readonly maxBytes: number }): Unit[];
  /** Takes out every unit that was enqueued before `time` on the monotonic clock. */
  drainWaitingSince(time: number): Unit[];
  readonly commands: number;
  readonly bytes: number;
}

/** An empty queue. */
export function createCommandQueue({ maxCommands, maxBytes }: QueueBounds): CommandQueue {
  let units: Unit[] = [];
  let head = 0;
  let commands = 0;
  let bytes = 0;

  const take = (): Unit => {
    const unit = units[head] as Unit;
    head += 1;
    commands -= unit.commands.length;
    bytes -= unit.sizeBytes;
    if (head === units.length) {
      units = [];
      head = 0;
    } else if (head >= 1_024) {
      units = units.slice(head);
      head = 0;
    }
    return unit;
  };

  return {
    push(unit) {
      if (unit.commands.length > maxCommands || unit.sizeBytes > maxBytes) throw neverFits(unit);
      if (commands + unit.commands.length > maxCommands || bytes + unit.sizeBytes > maxBytes) {
        throw new CoreError(
          "ATLAS_CORE_QUEUE_FULL",
          { queued: commands, queuedBytes: bytes },
          `The queue is full: ${commands} commands (about ${bytes} bytes) are waiting. Await their receipts before you send more.`,
        );
      }
      units.push(unit);
      commands += unit.commands.length;
      bytes += unit.sizeBytes;
    },
    drain(limits) {
      const taken: Unit[] = [];
      let takenCommands = 0;
      let takenBytes = 0;
      for (let next = units[head]; next !== undefined; next = units[head]) {
        takenCommands += next.commands.length;
        takenBytes += next.sizeBytes;
        if (taken.length > 0 && (takenCommands > limits.maxCommands || takenBytes > limits.maxBytes)) break;
        taken.push(take());
      }
      return taken;
    },
    drainWaitingSince(time) {
      const taken: Unit[] = [];
      for (let next = units[head]; next !== undefined && next.waitingSince < time; next = units[head]) {
        taken.push(take());
      }
      return taken;
    },
    get commands() {
      return commands;
    },
    get bytes() {
      return bytes;
    },
  };

  /** Final, unlike a full queue: waiting would not help. */
  function neverFits({ commands: { length }, sizeBytes }: Unit): CoreError {
    return new CoreError(
      "ATLAS_CORE_COMMAND_TOO_LARGE",
      { type: "enqueueAll", sizeBytes, limitBytes: maxBytes },
      `The unit of ${length} commands (about ${sizeBytes} bytes in memory) can never fit into the queue, which takes ${maxCommands} commands and ${maxBytes} bytes. Send smaller units, or raise maxQueuedCommands or maxQueuedBytes.`,
    );
  }
}
