import type { CallContext } from "@atlas/core";

/**
 * A runtime for one attempt. A call without a `signal` of its own gets the attempt's, every call gets its context, and once the attempt has ended every call throws
 * what `refuse` throws. It relies on nothing but that the runtime's methods take one options object first.
 */
export function runtimeOfAttempt<Runtime extends object>(
  runtime: Runtime,
  attempt: { readonly signal: AbortSignal; readonly context: CallContext; readonly refuse: () => void },
): Runtime {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(runtime, {
    get(target, name) {
      const known = wrapped.get(name);
      if (known !== undefined) return known;
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const call = (options: unknown, ...others: readonly unknown[]): unknown => {
        attempt.refuse();
        return Reflect.apply(member, target, [ofAttempt(options, attempt), ...others]);
      };
      wrapped.set(name, call);
      return call;
    },
  });
}

/** What the attempt's context says cannot be replaced; a call may add to it. */
function ofAttempt(
  options: unknown,
  { signal, context }: { readonly signal: AbortSignal; readonly context: CallContext },
): unknown {
  if (typeof options !== "object" || options === null) return options;
  const given = options as { readonly signal?: AbortSignal; readonly context?: CallContext };
  return { signal, ...given, context: { ...given.context, ...context } };
}
