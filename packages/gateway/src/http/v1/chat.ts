import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { createChatCompletion } from "../contract/v1.ts";
import { createChunker } from "./answer/chunks.ts";
import { completionOf } from "./answer/completion.ts";
import type { AnswerFrame } from "./answer/frame.ts";
import { answered, jsonResponse } from "./answered.ts";
import { askModel, frameOf, streamModel } from "./ask-model.ts";
import { type EventWriter, eventResponse, eventText } from "./event-response.ts";
import { chatCallOf } from "./request/chat-call.ts";

/** Chat completions. */
export const chatRoute: HttpRoute = handleRoute(createChatCompletion, (call) =>
  answered(call, async () => {
    const { body, log, signal } = call;
    const options = chatCallOf(body);
    if (body.stream !== true) {
      const { result, headers } = await askModel(call, body.model, options);
      return jsonResponse(completionOf(result, frameOf(call, body.model)), headers);
    }
    const answer = await streamModel(call, body.model, options);
    const includeUsage = body.stream_options?.include_usage === true;
    return eventResponse(answer, {
      writer: chunkWriter(frameOf(call, body.model), includeUsage),
      log,
      signal,
    });
  }),
);

function chunkWriter(frame: AnswerFrame, includeUsage: boolean): EventWriter {
  const chunksOf = createChunker(frame, includeUsage);
  return {
    begin: () => "",
    part: (part) =>
      chunksOf(part)
        .map((chunk) => eventText(JSON.stringify(chunk)))
        .join(""),
    end: () => eventText("[DONE]"),
    failed: (error) => eventText(JSON.stringify({ error })),
  };
}
