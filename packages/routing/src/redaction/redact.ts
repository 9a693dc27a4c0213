import { withoutEchoes } from "./echoes.ts";
import { spellingsOf } from "./spellings.ts";

const MARK = "[redacted]";

// The lengths are bounded, because an unbounded pattern exhausts the stack of the regular expression on texts of some MB. The
// last three patterns go by the text before the secret.
const SHAPES: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Keys of model services.
  [
    /\b(?:sk-[\w-]{8,4096}|AIza[\w-]{20,4096}|gsk_\w{8,4096}|xai-\w{8,4096})|(?<=\bBearer )[^\s"',;]{1,4096}|(?<=[?&]key=)[^\s"'&]{1,4096}/g,
    MARK,
  ],
  // The same keys where the service has masked their middle.
  [/\b(?:sk-|AIza|gsk_|xai-)[\w-]{0,64}(?:[*•…]|\.{3}){1,64}[\w-]{0,64}/g, MARK],
  // Secrets that are common in code, mail and settings.
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, MARK],
  [/\beyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{0,4096}/g, MARK],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, MARK],
  [
    /\b(?:[rsp]k_(?:live|test)|gh[opsur]|github_pat|glpat|hf|npm|atl|xox[abeprs]|xapp)[_-][\w-]{16,4096}/g,
    MARK,
  ],
  [/\b(Basic)\s{1,16}(?=[\w+/=]{0,4096}\d)[\w+/=]{16,4096}/g, `$1 ${MARK}`],
  [/(\/\/[^\s/:@]{0,256}:)[^\s/@]{1,4096}@/g, `$1${MARK}@`],
  [
    /\b((?:api|access|secret|private|auth)[-_ ]?(?:key|token)|client[-_ ]?secret|password|passwd)(["']?\s{0,16}[:=]\s{0,16}["']?)[^\s"',;&[\]{}]{6,4096}/gi,
    `$1$2${MARK}`,
  ],
];

/** What `redactSecrets` of `@atlas/llm/redact` does. It stands here because agents need it too. */
export function redactSecrets(text: string, secrets: readonly string[] = []): string {
  // The longest first: one secret can be the beginning of another.
  const known = secrets
    .filter((secret) => secret !== "")
    .flatMap(spellingsOf)
    .sort((left, right) => right.length - left.length);
  const whole = known.reduce((left, secret) => left.replaceAll(secret, MARK), text);
  const rest = secrets.reduce((left, secret) => withoutEchoes(left, secret, MARK), whole);
  return SHAPES.reduce((left, [pattern, replacement]) => left.replaceAll(pattern, replacement), rest);
}
