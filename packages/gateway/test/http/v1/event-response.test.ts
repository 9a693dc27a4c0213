import { silentLogger } from "@atlas/core";
import { createTestGateway } from "@atlas/testing";
import { expect, it } from "vitest";
import { createHttp } from "../../../src/http/index.ts";
import type { AnswerStream } from "../../../src/http/v1/answer-stream.ts";
import { openAnswerStream } from "../../../src/http/v1/answer-stream.ts";
import { type EventWriter, eventResponse } from "../../../src/http/v1/event-response.ts";
import type { StreamPart } from "../../../src/http/v1/sdk-types.ts";

const TOKEN = "t0k3n-".repeat(8);
const writer: EventWriter = {
  begin: () => "",
  part: (part) => `data: ${part.type}\n\n`,
  end: () => "data: end\n\n",
  failed: ({ code }) => `data: failed ${code}\n\n`,
};
const text: StreamPart = { type: "text-delta", id: "1", delta: "a" };

/** An answer of these parts that counts how many were asked for. */
function answerOf(parts: readonly StreamPart[]) {
  const left = [...parts];
  const seen = { asked: 0, left: [] as unknown[] };
  const answer: AnswerStream = {
    headers: { "x-atlas-degraded": "false" },
    evidence: () => ({ degraded: false }),
    async next() {
      seen.asked += 1;
      return left.shift();
    },
    async leave(reason) {
      seen.left.push(reason);
    },
  };
  const { signal } = new AbortController();
  return { seen, response: eventResponse(answer, { writer, log: silentLogger, signal }) };
}

it("asks for a part only when the client has taken the one before", async () => {
  const { seen, response } = answerOf([text, text, text]);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const reader = response.body?.getReader();
  await turn();
  expect(seen.asked).toBe(0);
  await reader?.read();
  await turn();
  expect(seen.asked).toBe(1);
  await reader?.cancel("gone");
  expect(seen).toEqual({ asked: 1, left: ["gone"] });
});

it("takes a stream that ends without its last part for broken", async () => {
  const { response } = answerOf([text, { type: "ping" }]);
  expect(await response.text()).toBe("data: text-delta\n\n: ping\n\ndata: failed ATLAS_HTTP_FAILED\n\n");
});

it("rejects an answer that fails before it says anything", async () => {
  const parts: readonly StreamPart[] = [
    { type: "stream-start", warnings: [] },
    { type: "error", error: new Error("No.") },
  ];
  const stream = ReadableStream.from(parts) as ReadableStream<StreamPart>;
  await expect(openAnswerStream(stream, { onEnd: () => undefined })).rejects.toThrow("No.");
});

it("asks models with the context of the request, and knows no profile where no file names any", async () => {
  const contexts: unknown[] = [];
  await using gateway = await createTestGateway({
    llmMiddleware: [
      (next) => {
        const { languageModel } = next;
        if (languageModel === undefined) return next;
        return {
          ...next,
          languageModel(options) {
            contexts.push(options?.context);
            return languageModel(options);
          },
        };
      },
    ],
  });
  const http = createHttp(gateway, { token: TOKEN });
  const ask = (model: string, stream: boolean) =>
    http.fetch(
      new Request("http://localhost/v1/chat/completions", {
        method: "POST",
        headers: {
          authorization: `Bearer ${TOKEN}`,
          "content-type": "application/json",
          "x-request-id": `req-${stream}`,
        },
        body: JSON.stringify({ model, stream, messages: [{ role: "user", content: "Hi" }] }),
      }),
    );
  for (const stream of [false, true]) {
    const response = await ask("default", stream);
    expect(response.status).toBe(200);
    await response.text();
  }
  expect(contexts).toEqual([
    expect.objectContaining({ correlation_id: "req-false", actor: "token:static" }),
    expect.objectContaining({ correlation_id: "req-true" }),
  ]);
  expect((await ask("defualt", false)).status).toBe(404);
});
