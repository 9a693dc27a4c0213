import type { Logger } from "@atlas/core";
import type { AnswerStream } from "./answer-stream.ts";
import { openAIErrorOf } from "./error-of.ts";
import type { OpenAIErrorBody } from "./openai-error.ts";
import type { StreamPart } from "./sdk-types.ts";

/** How one route writes its stream. */
export interface EventWriter {
  begin(): string;
  part(part: StreamPart): string;
  /** Comes last, and only after a whole answer. */
  end(): string;
  /** Comes last after an answer that broke off. */
  failed(error: OpenAIErrorBody): string;
}

const BROKEN: OpenAIErrorBody = {
  message: "The answer broke off. The gateway's log says why, under the id of this request.",
  type: "server_error",
  code: "ATLAS_HTTP_FAILED",
  param: null,
};

/**
 * An answer as server-sent events. A part is asked for only when the client has taken what came before, so a slow client slows the model
 * down instead of filling memory. A client that goes away ends the call of the service at once.
 */
export function eventResponse(
  answer: AnswerStream,
  {
    writer,
    log,
    signal,
  }: { readonly writer: EventWriter; readonly log: Logger; readonly signal: AbortSignal },
): Response {
  const encoder = new TextEncoder();
  let hasBegun = false;
  let hasFinished = false;

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const send = (text: string): void => controller.enqueue(encoder.encode(text));
        if (!hasBegun) {
          hasBegun = true;
          const opening = writer.begin();
          if (opening !== "") return send(opening);
        }
        try {
          for (;;) {
            const part = await answer.next();
            if (part === undefined) break;
            hasFinished ||= part.type === "finish";
            const text = part.type === "ping" ? ": ping\n\n" : writer.part(part);
            if (text !== "") return send(text);
          }
          // A stream that just stops has not told the end of its answer.
          if (!hasFinished) throw new Error("The stream of the model ended without its last part.");
          send(comment(answer) + writer.end());
        } catch (error) {
          const told = openAIErrorOf(error);
          if (!signal.aborted) log.warn({ error }, "A streamed answer broke off.");
          send(writer.failed(told?.body ?? BROKEN));
          await answer.leave(error).catch(() => undefined);
        }
        controller.close();
      },
      cancel: (reason) => answer.leave(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
      ...answer.headers,
    },
  });
}

/** One event. */
export function eventText(data: string, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${data}\n\n`;
}

/** Who answered, for people who read along: clients skip comments. Headers were sent before it was known. */
function comment(answer: AnswerStream): string {
  return `: atlas ${JSON.stringify(answer.evidence())}\n\n`;
}
