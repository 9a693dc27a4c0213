import { redact } from "../redact.ts";

const MARK = "[redacted]";

// In addition to the keys of model services: secrets that are common in code, mail and settings. The last three patterns go
// by the text before the secret. The lengths are bounded, because an unbounded pattern exhausts the stack of the regular
// expression on prompts of some MB.
const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
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

/** Replaces everything that looks like a key, a token or a password. It can miss a secret: check a cassette before you commit it. */
export function redactSecrets(text: string): string {
  return PATTERNS.reduce((rest, [pattern, mark]) => rest.replaceAll(pattern, mark), redact(text));
}
