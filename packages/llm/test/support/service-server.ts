import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request as a service would have got it. */
interface ServiceRequest {
  /** The address that the package asked, before it was led to this machine. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/** What the server answers with: a JSON body, or bytes. */
interface ServiceReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object | string | Uint8Array;
}

/** A server in the place of every service. */
export interface ServiceServer {
  readonly requests: readonly ServiceRequest[];
  /** Leads every request to the server, wherever it was meant to go. */
  readonly fetch: typeof globalThis.fetch;
  /** Replaces what requests get whose path ends so, with or without a query. */
  on(pathEnd: string, reply: ServiceReply | ((request: ServiceRequest) => ServiceReply)): void;
}

const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };

const answers: readonly (readonly [pathEnd: string, reply: ServiceReply])[] = [
  [
    "/chat/completions",
    {
      body: {
        id: "1",
        object: "chat.completion",
        created: 0,
        model: "m",
        choices: [{ index: 0, message: { role: "assistant", content: "Ahoy" }, finish_reason: "stop" }],
        usage,
      },
    },
  ],
  [
    "/responses",
    {
      body: {
        id: "1",
        object: "response",
        created_at: 0,
        model: "m",
        status: "completed",
        output: [
          {
            type: "message",
            id: "2",
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: "Ahoy", annotations: [], logprobs: [] }],
          },
        ],
        usage: { input_tokens: 7, output_tokens: 5, total_tokens: 12 },
      },
    },
  ],
  [
    ":generateContent",
    {
      body: {
        candidates: [{ content: { role: "model", parts: [{ text: "Ahoy" }] }, finishReason: "STOP" }],
        usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 5, totalTokenCount: 12 },
      },
    },
  ],
  [
    "/converse",
    {
      body: {
        output: { message: { role: "assistant", content: [{ text: "Ahoy" }] } },
        stopReason: "end_turn",
        usage: { inputTokens: 7, outputTokens: 5, totalTokens: 12 },
      },
    },
  ],
  ["/token", { body: { access_token: "token-of-google", expires_in: 3_600, token_type: "Bearer" } }],
];

/** Starts the server; it is gone after the test. */
export async function openServiceServer(): Promise<ServiceServer> {
  const requests: ServiceRequest[] = [];
  const replies = new Map<string, ServiceReply | ((request: ServiceRequest) => ServiceReply)>(answers);
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const url = decodeURIComponent((request.url ?? "/").slice(1));
      const text = Buffer.concat(chunks).toString("latin1");
      const seen = { url, headers: request.headers, body: parsed(text) };
      requests.push(seen);
      const { pathname } = new URL(url);
      // The last one that fits was set last.
      const [, found] = [...replies].reverse().find(([end]) => pathname.endsWith(end)) ?? [];
      const unknown: ServiceReply = { status: 404, body: { error: "no such path" } };
      const reply = typeof found === "function" ? found(seen) : (found ?? unknown);
      const { status = 200, headers = {}, body } = reply;
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body));
    })().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  // Listening on a port, so the address is not a pipe's.
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    fetch: (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      return globalThis.fetch(`http://127.0.0.1:${port}/${encodeURIComponent(url)}`, init);
    },
    on(pathEnd, reply) {
      replies.delete(pathEnd);
      replies.set(pathEnd, reply);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
