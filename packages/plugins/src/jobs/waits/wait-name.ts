const MAX_NAME = 200;

/** Refuses what cannot be the name of a step or wait. */
export function checkWaitName(what: string, name: unknown): void {
  if (typeof name === "string" && name !== "" && name.length <= MAX_NAME && !name.startsWith("$")) return;
  throw new TypeError(
    `${what}: a name must be a text of 1 to ${MAX_NAME} characters that does not begin with "$"; got ${JSON.stringify(name)}.`,
  );
}
