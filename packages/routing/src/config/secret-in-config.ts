// What the keys of well-known services begin with. A name of a variable does not.
const prefixes =
  /^(?:sk|pk|rk)[-_](?=.{8})|^(?:gsk|xai|hf|r8|pplx|nvapi|glpat|ghp|gho|ghu|ghs|ghr|github_pat|fw|csk|dop_v1|npm|xox[a-z])[-_](?=.{16})|^AIza(?=.{16})|^eyJ(?=.{8})|^(?:AKIA|ASIA)[0-9A-Z]{12}/;
const LONGEST_WORD = 20;

/** True for what is probably a key in place of the name of an environment variable. */
export function looksLikeKey(name: string): boolean {
  if (prefixes.test(name)) return true;
  return name
    .split("_")
    .some((word) => word.length >= LONGEST_WORD && (/\d/.test(word) || /[a-z][A-Z]|[A-Z][a-z]/.test(word)));
}

/** True for what is probably a key in place of an ordinary value, such as an address, a path or the name of a model. */
export function valueLooksLikeKey(value: string): boolean {
  if (prefixes.test(value)) return true;
  return value
    .split(/[_-]/)
    .some(
      (word) =>
        word.length >= LONGEST_WORD &&
        /^[A-Za-z0-9+=]+$/.test(word) &&
        /\d/.test(word) &&
        /[A-Za-z]/.test(word),
    );
}

const secretParameter =
  /^(?:(?:api|access|secret|auth|subscription)[-_]?)?(?:key|token|secret|sig|signature|password)$/i;

/** What is wrong with an address that holds a user name, a password or a key; `undefined` for any other. */
export function credentialsIn(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { username, password, searchParams } = new URL(address);
  if (username !== "" || password !== "") return "holds a user name or a password";
  return [...searchParams.keys()].some((name) => secretParameter.test(name)) ? "holds a key" : undefined;
}
