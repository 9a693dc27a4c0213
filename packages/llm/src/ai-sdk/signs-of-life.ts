/**
 * Who wants to hear that a service is alive, by the signal of the request. The packages of the AI SDK swallow pings and
 * comments, but they hand the signal of a call on to `fetch` as it is.
 */
const listeners = new WeakMap<AbortSignal, () => void>();

/** Calls `listener` whenever a line of a response has arrived for a request with this signal. The last listener counts. */
export function onSignOfLife(signal: AbortSignal, listener: () => void): void {
  listeners.set(signal, listener);
}

/** Whom to tell that a line of the response has arrived, if anybody wants to hear of it. */
export function lifeListener(signal: AbortSignal | null | undefined): (() => void) | undefined {
  return signal ? listeners.get(signal) : undefined;
}
