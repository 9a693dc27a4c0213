import type { V1Call } from "./ask-model.ts";
import { openAIErrorOf } from "./error-of.ts";
import { errorResponse, OpenAIError } from "./openai-error.ts";

/** Sends an answer as JSON, with the headers that say who gave it. */
export function jsonResponse(body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { headers: { "content-type": "application/json", ...headers } });
}

// Nobody reads it; it stands in logs. nginx made it known.
const CLIENT_GONE = 499;

/** Answers a call, and what fails about it in the shape of OpenAI's errors. What may hold anything is left to the server. */
export async function answered(call: V1Call, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    const told = openAIErrorOf(error) ?? endedBy(call);
    if (told === undefined) throw error;
    if (told.status >= 500) call.log.warn({ error }, "No model answered a request.");
    return errorResponse(told);
  }
}

/** Whose leaving ended a call. */
function endedBy({ signal, request }: V1Call): OpenAIError | undefined {
  if (!signal.aborted) return undefined;
  const type = "server_error";
  if (request.signal.aborted)
    return new OpenAIError(CLIENT_GONE, { message: "The client went away.", type, code: "client_gone" });
  return new OpenAIError(503, {
    message: "The gateway is stopping. Send the request again.",
    type,
    code: "ATLAS_HTTP_UNAVAILABLE",
    retryAfterMs: 1_000,
  });
}
