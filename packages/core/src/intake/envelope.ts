import { z } from "zod";
import { type CallContext, callContext, MAX_ACTOR_BYTES } from "../contract/call-context.ts";
import type { Cause, Envelope } from "../contract/command.ts";
import { CoreError } from "../contract/errors.ts";
import { idText } from "../contract/id.ts";
import { shortText } from "../contract/text.ts";

const schema = z.strictObject({
  command_id: idText.optional(),
  actor: shortText({ maxBytes: MAX_ACTOR_BYTES }).optional(),
  cause: z
    .strictObject({
      kind: z.enum(["command", "job", "event", "request"]),
      id: idText,
      depth: z.int().min(0).max(1_000_000),
    })
    .optional(),
  context: callContext.optional(),
});

/** An envelope that was checked, with its defaults. */
export interface ReadEnvelope {
  readonly command_id: string | undefined;
  readonly actor: string;
  readonly cause: Cause | undefined;
  readonly context: CallContext | undefined;
}

const empty: ReadEnvelope = { command_id: undefined, actor: "host", cause: undefined, context: undefined };

/** Checks an envelope; throws `ATLAS_CORE_COMMAND_INVALID` with a path below `envelope`. */
export function readEnvelope(envelope: Envelope | undefined): ReadEnvelope {
  if (envelope === undefined) return empty;
  const result = schema.safeParse(envelope);
  if (result.success) {
    const { command_id, actor = empty.actor, cause, context } = result.data;
    return { command_id, actor, cause, context };
  }
  const issue = result.error.issues[0];
  const path = ["envelope", ...(issue?.path ?? [])].join(".");
  throw new CoreError(
    "ATLAS_CORE_COMMAND_INVALID",
    { type: "", path },
    `"${path}" is not valid: ${issue?.message}.`,
  );
}
