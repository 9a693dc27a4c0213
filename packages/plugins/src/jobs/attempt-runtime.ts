import type { CallContext } from "@atlas/core";
import { handled } from "../calling/handled.ts";

/** What a runtime needs to know of the attempt that uses it. */
export interface AttemptOfRuntime {
  readonly signal: AbortSignal;
  readonly context: CallContext;
  readonly refuse: () => void;
  /** Keeps the attempt from being parked meanwhile. */
  readonly during: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/**
 * A runtime for one attempt. A call without a `signal` of its own gets the attempt's, every call gets its context, and once the
 * attempt has ended every call rejects with what `refuse` throws. While a call is in progress, the attempt is not parked. It relies on
 * nothing but that the runtime's methods take one options object first, and return a promise or an object with a promise as `result`.
 */
export function runtimeOfAttempt<Runtime extends object>(
  runtime: Runtime,
  attempt: AttemptOfRuntime,
  /** Methods that are something else, and belong to the attempt already. */
  own: Partial<Runtime> = {},
): Runtime {
  const wrapped = new Map<PropertyKey, unknown>(Object.entries(own));
  return new Proxy(runtime, {
    get(target, name) {
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const call = (options: unknown, ...others: readonly unknown[]): unknown => {
        try {
          attempt.refuse();
        } catch (error) {
          return refused(error);
        }
        const answer: unknown = Reflect.apply(member, target, [ofAttempt(options, attempt), ...others]);
        const end = endOf(answer);
        if (end !== undefined) attempt.during(() => end.then(ignore, ignore)).catch(ignore);
        return answer;
      };
      wrapped.set(name, call);
      return call;
    },
  });
}

/**
 * The answer to a call after the end: a promise that is a stream, too, since only the runtime knows which one it would have returned.
 * It is not thrown, because late code may run in a timer, where that ends the process.
 */
function refused(error: unknown): unknown {
  const never = handled(Promise.reject(error));
  const textStream = { [Symbol.asyncIterator]: () => ({ next: () => never }) };
  return Object.assign(never, { result: never, textStream });
}

function ignore(): void {
  // The caller has the answer, and its failure.
}

/** When a call is over: a promise itself, or the `result` of a stream. */
function endOf(answer: unknown): Promise<unknown> | undefined {
  if (answer instanceof Promise) return answer;
  if (typeof answer !== "object" || answer === null || !("result" in answer)) return undefined;
  return answer.result instanceof Promise ? answer.result : undefined;
}

/** What the attempt's context says cannot be replaced; a call may add to it. */
function ofAttempt(options: unknown, { signal, context }: AttemptOfRuntime): unknown {
  if (typeof options !== "object" || options === null) return options;
  const given = options as { readonly signal?: AbortSignal; readonly context?: CallContext };
  return { signal, ...given, context: { ...given.context, ...context } };
}
