import { z } from "zod";
import type { Cause, Envelope } from "../contract/command.ts";
import { CoreError } from "../contract/errors.ts";
import { idText } from "../contract/id.ts";
import { shortText } from "../contract/text.ts";

// Room for a workflow's id and a job's, as in `workflow:digest.v1#<job id>`.
const MAX_ACTOR_BYTES = 512;

const schema = z.strictObject({
  command_id: idText.optional(),
  actor: shortText({ maxBytes: MAX_ACTOR_BYTES }).optional(),
  cause: z
    .strictObject({
      kind: z.enum(["command", "job", "event"]),
      id: idText,
      depth: z.int().min(0).max(1_000_000),
    })
    .optional(),
});

/** An envelope that was checked, with its defaults. */
export interface ReadEnvelope {
  readonly command_id: string | undefined;
  readonly actor: string;
  readonly cause: Cause | undefined;
}

const empty: ReadEnvelope = { command_id: undefined, actor: "host", cause: undefined };

/** Checks an envelope; throws `ATLAS_CORE_COMMAND_INVALID` with a path below `envelope`. */
export function readEnvelope(envelope: Envelope | undefined): ReadEnvelope {
  if (envelope === undefined) return empty;
  const result = schema.safeParse(envelope);
  if (result.success) {
    const { command_id, actor = empty.actor, cause } = result.data;
    return { command_id, actor, cause };
  }
  const issue = result.error.issues[0];
  const path = ["envelope", ...(issue?.path ?? [])].join(".");
  throw new CoreError(
    "ATLAS_CORE_COMMAND_INVALID",
    { type: "", path },
    `"${path}" is not valid: ${issue?.message}.`,
  );
}
