import type { Committed, Envelope } from "../contract/command.ts";
import { isCoreError, storeStopped } from "../contract/errors.ts";
import type { Logger } from "../contract/logger.ts";
import type { CommandQueue } from "./command-queue.ts";
import type { Intake } from "./intake.ts";
import { createUnit, type RefusedNote, reject, type UnitContent } from "./unit.ts";

/** The door through which commands reach the queue. */
export interface Door {
  /**
   * Checks commands, queues them as one unit, and resolves with what `receive` makes of the receipts. Never throws; a
   * promise that nobody awaits never becomes an unhandled rejection.
   */
  send<Received>(
    commands: readonly unknown[],
    envelope: Envelope | undefined,
    receive: (receipts: readonly Committed[]) => Received,
  ): Promise<Received>;
  /** Refuses every further command. */
  close(): void;
}

/** What a door needs of the loop behind the queue. */
interface Loop {
  wake(): void;
  note(refusal: () => RefusedNote): void;
}

/** An open door. */
export function createDoor(options: {
  readonly intake: Intake;
  readonly queue: CommandQueue;
  readonly loop: Loop;
  readonly log: Logger;
}): Door {
  const { intake, queue, loop, log } = options;
  let isOpen = true;

  return {
    send(commands, envelope, receive) {
      let content: UnitContent;
      try {
        if (!isOpen) throw storeStopped();
        content = intake.accept(commands, envelope);
      } catch (error) {
        noteRefusal(commands, envelope, error);
        return rejected(error);
      }
      const { unit, received } = createUnit(content, receive);
      try {
        queue.push(unit);
        loop.wake();
      } catch (error) {
        reject(unit, error);
      }
      return received;
    },
    close() {
      isOpen = false;
    },
  };

  function noteRefusal(commands: readonly unknown[], envelope: Envelope | undefined, error: unknown): void {
    if (!isCoreError(error)) return;
    log.warn({ code: error.code, actor: envelope?.actor }, error.message);
    if (!isOpen) return;
    for (const command of commands) loop.note(() => intake.noteRefusal(command, envelope, error));
  }
}

function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}
