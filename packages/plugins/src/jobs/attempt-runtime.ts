/**
 * A runtime for one attempt. A call without a `signal` of its own gets the attempt's, and once the attempt has ended every call throws
 * what `refuse` throws. It relies on nothing but that the runtime's methods take one options object first.
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
