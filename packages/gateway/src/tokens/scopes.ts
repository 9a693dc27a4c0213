import { didYouMean } from "@atlas/core/internal";

const GROUPS = ["jobs", "sources", "data", "events", "models", "operations", "tokens"] as const;
const MOST_SCOPES = 100;

/** What a route asks for. */
export interface NeededScope {
  readonly group: string;
  readonly access: "read" | "write";
}

/** Tells whether scopes allow what a route asks for. */
export function allows(scopes: readonly string[], { group, access }: NeededScope): boolean {
  return scopes.some(
    (scope) =>
      scope === "*" ||
      scope === `${group}:${access}` ||
      scope === `${group}:*` ||
      (access === "read" && scope === "*:read"),
  );
}

/** Tells whether everything that `scope` allows is allowed by `scopes` too. A token cannot make one that may do more than itself. */
export function covers(scopes: readonly string[], scope: string): boolean {
  if (scopes.includes("*") || scopes.includes(scope)) return true;
  const [group = "", access] = scope.split(":");
  if (group === "*") return false;
  if (access !== "*") return allows(scopes, { group, access: access === "write" ? "write" : "read" });
  return allows(scopes, { group, access: "read" }) && allows(scopes, { group, access: "write" });
}

/** Every scope that there is, for a gateway with these extensions. */
export function knownScopes(extensions: readonly string[]): readonly string[] {
  const ofGroups = [...GROUPS, ...extensions].flatMap((group) => [
    `${group}:read`,
    `${group}:write`,
    `${group}:*`,
  ]);
  return ["*", "*:read", ...ofGroups];
}

/** Refuses scopes that do not exist, with the nearest that does. */
export function checkScopes(what: string, scopes: unknown, known: readonly string[]): void {
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > MOST_SCOPES)
    throw new TypeError(
      `${what}: scopes must be a list of 1 to ${MOST_SCOPES} scopes, such as ["jobs:write", "*:read"].`,
    );
  for (const scope of scopes as readonly unknown[]) {
    if (typeof scope === "string" && known.includes(scope)) continue;
    const hint = typeof scope === "string" ? didYouMean(scope, known) : "";
    throw new TypeError(
      `${what}: ${JSON.stringify(scope)} is not a scope.${hint || ` The scopes are ${known.join(", ")}.`}`,
    );
  }
}
