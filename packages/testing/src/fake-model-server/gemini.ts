import { event, type FakeAnswer, type Protocol } from "./protocol.ts";

const reasons = { stop: "STOP", length: "MAX_TOKENS", content_filter: "SAFETY" } as const;
const states: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};

/** Google's Gemini. */
export const gemini: Protocol = {
  name: "gemini",
  contentType: "text/event-stream",
  whole: (answer) => part(answer.text, answer, true),
  stream: (answer) => ({
    begin: [],
    piece: (text) => event(part(text, answer, false)),
    end: [event(part("", answer, true))],
  }),
  error: (code, message) => ({ error: { code, message, status: states[code] ?? "INTERNAL" } }),
};

function part(
  text: string,
  { model, inputTokens, outputTokens, finish, toolCalls }: FakeAnswer,
  isLast: boolean,
): object {
  const calls = isLast
    ? toolCalls.map(({ id, name, input }) => ({ functionCall: { id, name, args: input } }))
    : [];
  return {
    candidates: [
      {
        index: 0,
        content: { role: "model", parts: [...(text === "" ? [] : [{ text }]), ...calls] },
        ...(isLast ? { finishReason: reasons[finish] } : {}),
      },
    ],
    modelVersion: model,
    ...(isLast
      ? {
          usageMetadata: {
            promptTokenCount: inputTokens,
            candidatesTokenCount: outputTokens,
            totalTokenCount: inputTokens + outputTokens,
          },
        }
      : {}),
  };
}
