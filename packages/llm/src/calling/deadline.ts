import type { Clock } from "@atlas/routing";
import { LLMError } from "../contract/errors.ts";
import type { LLMOptions } from "../contract/runtime.ts";

/** How long a call may take, and what it rejects with after that. */
export interface Deadline {
  readonly clock: Clock;
  /** Default: the call may take for ever. */
  readonly deadlineMs: number | undefined;
  readonly late: (deadlineMs: number) => Error;
}

/**
 * Does the work of a call within its deadline. The signal of the call that the work gets is aborted with the caller's, and at
 * the deadline. The promise rejects at the same moment, even if the work does not follow its signal.
 */
export function withinDeadline<Answer>(
  call: LLMOptions,
  { clock, deadlineMs, late }: Deadline,
  work: (call: LLMOptions) => Promise<Answer>,
): Promise<Answer> {
  if (deadlineMs === undefined) return work(call);
  const { signal: given } = call;
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const end = (reason: unknown, error: unknown): void => {
      leave();
      reject(error);
      controller.abort(reason);
    };
    const giveUp = (): void => end(given?.reason, given?.reason);
    const cancel = clock.after(deadlineMs, () => {
      const error = late(deadlineMs);
      end(new DOMException(error.message, "TimeoutError"), error);
    });
    const leave = (): void => {
      cancel();
      given?.removeEventListener("abort", giveUp);
    };
    if (given?.aborted === true) return giveUp();
    given?.addEventListener("abort", giveUp, { once: true });
    work({ ...call, signal: controller.signal })
      .finally(leave)
      .then(resolve, reject);
  });
}

/** The error of a call whose deadline has passed. A stream that had begun was cut off. */
export function lateError(call: {
  readonly provider: string;
  readonly model?: string | undefined;
  readonly deadlineMs: number;
  /** The text that had arrived. */
  readonly text?: string;
}): LLMError {
  const { provider, model, deadlineMs, text = "" } = call;
  const who = model === undefined ? `"${provider}"` : `"${provider}" (${model})`;
  const details = { provider, ...(model === undefined ? {} : { model }) };
  const deadline = `the deadline of the call, ${Math.round(deadlineMs)} ms`;
  const advice = "Raise `deadlineMs`, or ask for a shorter answer.";
  return text === ""
    ? new LLMError("ATLAS_LLM_TIMED_OUT", details, `${who} did not answer within ${deadline}. ${advice}`)
    : new LLMError(
        "ATLAS_LLM_TRUNCATED",
        { ...details, text },
        `${who} broke off after ${text.length} characters, at ${deadline}. ${advice}`,
      );
}
