import { redactSecrets as redact } from "@atlas/routing/internal";

/**
 * Replaces secrets in a text with `[redacted]`: the given ones, also where they are written in base64 or hex, escaped for a URL, for
 * JSON or for HTML, or echoed in part, and everything that looks like a key, a token or a password. Errors of models and
 * recordings go through it.
 * Shapes can miss a secret, so do not rely on them alone: pass the secrets that you know.
 *
 * @example
 * ```ts
 * assert.equal(redactSecrets("hunter2 is the word", ["hunter2"]), "[redacted] is the word");
 * assert.equal(redactSecrets("postgres://ada:s3cret@db/atlas"), "postgres://ada:[redacted]@db/atlas");
 * ```
 */
export function redactSecrets(text: string, secrets: readonly string[] = []): string {
  return redact(text, secrets);
}
