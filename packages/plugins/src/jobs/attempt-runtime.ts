/**
 * A runtime for one attempt: a call without a `signal` of its own is given the attempt's, and when the attempt is over every
 * call throws what `refuse` throws. It knows nothing of the runtime but that its methods take one object of options.
 */
export function runtimeOfAttempt<Runtime extends object>(
  runtime: Runtime,
  attempt: { readonly signal: AbortSignal; readonly refuse: () => void },
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
        return Reflect.apply(member, target, [withSignal(options, attempt.signal), ...others]);
      };
      wrapped.set(name, call);
      return call;
    },
  });
}

function withSignal(options: unknown, signal: AbortSignal): unknown {
  if (typeof options !== "object" || options === null) return options;
  const given = (options as { readonly signal?: AbortSignal }).signal;
  return given === undefined ? { ...options, signal } : options;
}
