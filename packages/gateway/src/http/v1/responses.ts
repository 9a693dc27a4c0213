import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { createResponse } from "../contract/v1.ts";
import type { AnswerFrame } from "./answer/frame.ts";
import { createResponseEvents, type ResponseEvent } from "./answer/response-events.ts";
import { responseOf } from "./answer/response-object.ts";
import { answered, jsonResponse } from "./answered.ts";
import { askModel, frameOf, streamModel } from "./ask-model.ts";
import { type EventWriter, eventResponse, eventText } from "./event-response.ts";
import { responsesCallOf } from "./request/responses-call.ts";
import type { ResponsesRequest } from "./request/responses-request.ts";

/** Responses. */
export const responsesRoute: HttpRoute = handleRoute(createResponse, (call) =>
  answered(call, async () => {
    const { body, log, signal } = call;
    const options = responsesCallOf(body);
    if (body.stream !== true) {
      const { result, headers } = await askModel(call, body.model, options);
      return jsonResponse(responseOf(result, body, frameOf(call, body.model)), headers);
    }
    const answer = await streamModel(call, body.model, options);
    return eventResponse(answer, { writer: responseWriter(body, frameOf(call, body.model)), log, signal });
  }),
);

function responseWriter(request: ResponsesRequest, frame: AnswerFrame): EventWriter {
  const events = createResponseEvents(request, frame);
  const written = (made: readonly ResponseEvent[]): string =>
    made.map((event) => eventText(JSON.stringify(event), event.type)).join("");
  return {
    begin: () => written(events.begin()),
    part: (part) => written(events.part(part)),
    // The last event says that it was the last.
    end: () => "",
    failed: (error) => written(events.failed(error)),
  };
}
