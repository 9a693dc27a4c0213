import type { FakeAnswer, Protocol } from "./protocol.ts";

const created_at = "2026-01-01T00:00:00Z";

/** Ollama's own protocol. It speaks OpenAI's chat completions too, below `/v1`. */
export const ollama: Protocol = {
  name: "ollama",
  contentType: "application/x-ndjson",
  whole: (answer) => ({ ...message(answer.model, answer.text, answer.toolCalls), ...ending(answer) }),
  stream: (answer) => ({
    begin: [],
    piece: (text) => line({ ...message(answer.model, text), done: false }),
    end: [line({ ...message(answer.model, "", answer.toolCalls), ...ending(answer) })],
  }),
  error: (_, text) => ({ error: text }),
};

function message(model: string, content: string, toolCalls: FakeAnswer["toolCalls"] = []): object {
  const calls = toolCalls.map(({ name, input }) => ({ function: { name, arguments: input } }));
  return {
    model,
    created_at,
    message: { role: "assistant", content, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
  };
}

function ending({ finish, inputTokens, outputTokens }: FakeAnswer): object {
  return {
    done: true,
    done_reason: finish === "length" ? "length" : "stop",
    prompt_eval_count: inputTokens,
    eval_count: outputTokens,
  };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
