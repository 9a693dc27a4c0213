const REDACTED = "[redacted]";

// The shapes of keys of well-known services, for keys that are not among the given secrets. The lengths are bounded, so that
// no text exhausts the stack of the regular expression.
const KEYS =
  /\b(?:sk-[\w-]{8,4096}|AIza[\w-]{20,4096}|gsk_\w{8,4096}|xai-\w{8,4096})|(?<=\bBearer )[^\s"',;]{1,4096}|(?<=[?&]key=)[^\s"'&]{1,4096}/g;

/** Replaces secrets in a text from outside: the given ones, and everything that looks like the key of a known service. */
export function redact(text: string, secrets: readonly string[] = []): string {
  const known = secrets.filter((secret) => secret !== "");
  return known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text).replaceAll(KEYS, REDACTED);
}
