import { idText } from "@atlas/core";

/** Refuses what cannot be the name of a step or wait, or the key of a child: what the store would refuse later. */
export function checkWaitName(what: string, name: unknown): void {
  if (idText.safeParse(name).success && !String(name).startsWith("$")) return;
  throw new TypeError(
    `${what}: a name must be a text of 1 to 255 bytes of UTF-8 that does not begin with "$"; got ${JSON.stringify(name)}.`,
  );
}
