import { z } from "zod";
import { idText } from "./id.ts";
import { shortText } from "./text.ts";
import { traceparentText } from "./traceparent.ts";

/**
 * Whom and what a piece of work belongs to. It flows from a caller to everything that the call leads to: commands, their
 * events, jobs. Every field is optional; other fields are refused. Texts have 1 to 255 bytes (`actor` 512), and the whole at
 * most 4 KiB as JSON. Atlas stores it as it is given: put no secret into it.
 */
export interface CallContext {
  /** Who asked for it, such as `user:42`. The `actor` of an {@link Envelope} says who sends the command now. */
  readonly actor?: string;
  /** The same for everything that one call of the outside world led to, such as a request or trace id. */
  readonly correlation_id?: string;
  readonly tenant?: string;
  /**
   * The span that the work belongs to, as a `traceparent` of W3C Trace Context. It ties together the traces of a request, and of what it
   * leads to, also over a restart.
   */
  readonly traceparent?: string;
  readonly job_id?: string;
  readonly workflow_id?: string;
  /** Number of the job's attempt, from 1. */
  readonly attempt?: number;
}

/** The largest context, as UTF-8 bytes of its JSON: 4 KiB. */
const MAX_CONTEXT_BYTES = 4 * 1024;
/** The longest actor: room for a workflow's id and a job's, as in `workflow:digest.v1#<job id>`. */
export const MAX_ACTOR_BYTES = 512;

/** A zod schema for a {@link CallContext}. */
export const callContext = z
  .strictObject({
    actor: shortText({ maxBytes: MAX_ACTOR_BYTES }).exactOptional(),
    correlation_id: idText.exactOptional(),
    tenant: idText.exactOptional(),
    traceparent: traceparentText.exactOptional(),
    job_id: idText.exactOptional(),
    workflow_id: idText.exactOptional(),
    attempt: z.int().min(1).exactOptional(),
  })
  .check((context) => {
    // Escapes can make a text six times as long.
    const sizeBytes = Buffer.byteLength(JSON.stringify(context.value));
    if (sizeBytes > MAX_CONTEXT_BYTES) {
      const message = `is ${sizeBytes} bytes long as JSON; at most ${MAX_CONTEXT_BYTES} (4 KiB) are allowed`;
      context.issues.push({ code: "custom", message, input: context.value });
    }
  });
