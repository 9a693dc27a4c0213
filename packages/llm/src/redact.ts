const REDACTED = "[redacted]";

// What keys of well-known services look like, for where nobody told us which key it is. Bounded, so
// that no text exhausts the stack of the expression.
const KEYS =
  /\b(?:sk-[\w-]{8,4096}|AIza[\w-]{20,4096}|gsk_\w{8,4096}|xai-\w{8,4096})|(?<=\bBearer )[^\s"',;]{1,4096}|(?<=[?&]key=)[^\s"'&]{1,4096}/g;

/** Takes secrets out of a text that somebody else wrote: those given, and what looks like the key of a known service. */
export function redact(text: string, secrets: readonly string[] = []): string {
  const known = secrets.filter((secret) => secret !== "");
  return known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text).replaceAll(KEYS, REDACTED);
}
