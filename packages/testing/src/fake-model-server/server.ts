import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anthropic } from "./anthropic.ts";
import { type FakeFault, sendFault } from "./fault.ts";
import { gemini } from "./gemini.ts";
import { ollama } from "./ollama.ts";
import { openaiChat, openaiResponses } from "./openai.ts";
import type { FakeAnswer, FakeToolCall, Protocol } from "./protocol.ts";

/** What the server does with one call: a text, an answer, an HTTP status, or a fault. */
export type FakeReply =
  | string
  | {
      readonly text: string;
      readonly finish?: "stop" | "length" | "content_filter";
      readonly inputTokens?: number;
      readonly outputTokens?: number;
      /** Tools that the model calls after the text. Default: none. */
      readonly toolCalls?: readonly FakeToolCall[];
      /** The bytes of a stream are sent one by one, so that characters are torn apart. */
      readonly isTorn?: boolean;
    }
  | {
      readonly status: number;
      readonly message?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** Replaces the error that the protocol would say. */
      readonly body?: string | object;
    }
  | { readonly fault: FakeFault };

/** Decides what one call gets. */
export type FakeReplyTo = (request: FakeRequest) => FakeReply;

/** A call as it arrived. */
export interface FakeRequest {
  readonly protocol: Protocol["name"];
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
  readonly isStream: boolean;
  /** Resolves when the connection's part in this call is over: `aborted` where the caller left before the end. */
  readonly over: Promise<"answered" | "aborted">;
}

/** A server on this machine that speaks like a model service. */
export interface FakeModelServer extends AsyncDisposable {
  /** Base addresses, as the packages of the AI SDK and `base_url` of the routing file take them. */
  readonly urls: {
    readonly openai: string;
    readonly anthropic: string;
    readonly google: string;
    /** OpenAI's protocol, as Ollama speaks it below `/v1`; Ollama's own is at `/api/chat`. */
    readonly ollama: string;
  };
  /** Every call so far. */
  readonly requests: readonly FakeRequest[];
  /** What the next calls get, one after the other; then the last one again and again. A function is asked at the call. */
  reply(...replies: readonly (FakeReply | FakeReplyTo)[]): void;
  /** Closes all connections. Always the same promise. */
  stop(): Promise<void>;
}

const DEFAULT_REPLY = "The fake model says hello.";

/**
 * Starts a server on loopback that speaks like OpenAI (chat completions and responses), Anthropic, Gemini and Ollama,
 * whole and streamed, and that fails in every way a service can fail. Like OpenAI, it refuses a JSON Schema that is not
 * closed in strict mode. Nothing of it thinks.
 *
 * @example
 * ```ts
 * const server = await createFakeModelServer();
 * server.reply({ status: 429, headers: { "retry-after": "0" } }, "Ahoy");
 * const gateway = await createTestGateway({
 *   routing: {
 *     llm: {
 *       profiles: { fast: ["house"] },
 *       providers: { house: { base_url: server.urls.openai, model: "house-1" } },
 *     },
 *   },
 * });
 * const { text, route } = await gateway.llm.generateText({ prompt: "Hello" });
 * assert.equal(text, "Ahoy");
 * assert.deepEqual(route?.attempts.map(({ outcome }) => outcome), ["rate_limited", "answered"]);
 * await gateway.stop();
 * await server.stop();
 * ```
 */
export async function createFakeModelServer(): Promise<FakeModelServer> {
  const requests: FakeRequest[] = [];
  let replies: (FakeReply | FakeReplyTo)[] = [DEFAULT_REPLY];
  let stopped: Promise<void> | undefined;

  const server = createServer((request, response) => {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // Listening on a port, so the address is not a pipe's.
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const fake: FakeModelServer = {
    urls: {
      openai: `${url}/openai/v1`,
      anthropic: `${url}/anthropic/v1`,
      google: `${url}/google/v1beta`,
      ollama: `${url}/ollama/v1`,
    },
    requests,
    reply(...next) {
      replies = [...next];
    },
    stop() {
      stopped ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return stopped;
    },
    [Symbol.asyncDispose]: () => fake.stop(),
  };
  return fake;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Some programs try a WebSocket first, and fall back to HTTP when they are told so.
    if (request.headers.upgrade !== undefined) {
      response.writeHead(426, { connection: "close" }).end();
      return;
    }
    const path = request.url ?? "/";
    const body = await readJson(request);
    const protocol = protocolOf(path);
    if (protocol === undefined) {
      response
        .writeHead(404, { "content-type": "application/json" })
        .end('{"error":{"message":"no such path"}}');
      return;
    }
    const isStream = wantsStream(path, body, protocol);
    const asked: FakeRequest = {
      protocol: protocol.name,
      path,
      headers: request.headers,
      body,
      isStream,
      over: once(response, "close").then(() => (response.writableFinished ? "answered" : "aborted")),
    };
    requests.push(asked);
    const refusal = protocol.refuse?.(body);
    if (refusal !== undefined) {
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(refusal));
      return;
    }
    const next = (replies.length > 1 ? replies.shift() : replies[0]) ?? DEFAULT_REPLY;
    const reply = typeof next === "function" ? next(asked) : next;
    send(response, reply, {
      protocol,
      isStream,
      model: modelOf(path, body),
      callPrefix: `call_fake_${requests.length}`,
    });
  }
}

function send(
  response: ServerResponse,
  reply: FakeReply,
  {
    protocol,
    isStream,
    model,
    callPrefix,
  }: { protocol: Protocol; isStream: boolean; model: string; callPrefix: string },
): void {
  if (typeof reply === "object" && "status" in reply) {
    const { status, message = `The fake model answers ${status}.`, headers = {}, body } = reply;
    const said = body ?? protocol.error(status, message);
    const text = typeof said === "string" ? said : JSON.stringify(said);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
    return;
  }
  const given =
    typeof reply === "string" ? { text: reply } : "fault" in reply ? { text: DEFAULT_REPLY } : reply;
  const whole: FakeAnswer = {
    model,
    inputTokens: 7,
    outputTokens: 5,
    finish: "stop",
    ...given,
    // Programs that keep a conversation mix calls up that have the same id.
    toolCalls: (("toolCalls" in given && given.toolCalls) || []).map((call, index) => ({
      ...call,
      id: `${callPrefix}_${index}`,
    })),
  };
  const { begin, piece, end } = protocol.stream(whole);
  const isSilent = whole.text === "" && whole.toolCalls.length > 0;
  const words = whole.text.match(/\s*\S+\s*$|\s*\S+/g) ?? (isSilent ? [] : [whole.text]);
  const pieces = words.map(piece);
  if (typeof reply === "object" && "fault" in reply) {
    const opening = [...begin, ...pieces.slice(0, 2)].join("");
    sendFault(response, reply.fault, {
      contentType: protocol.contentType,
      opening: isStream ? opening : `${JSON.stringify(protocol.whole(whole)).slice(0, 40)}`,
      whole: isStream ? opening : JSON.stringify(protocol.whole(whole)),
    });
    return;
  }
  if (!isStream) {
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify(protocol.whole(whole)));
    return;
  }
  response.writeHead(200, { "content-type": protocol.contentType });
  const events = [...begin, ...pieces, ...end];
  const isTorn = typeof reply === "object" && reply.isTorn === true;
  const chunks = isTorn ? [...Buffer.from(events.join(""))].map((byte) => Buffer.of(byte)) : events;
  void sendInTurns(response, chunks);
}

/** Gives every chunk a turn of its own, so that they arrive as chunks. */
async function sendInTurns(response: ServerResponse, chunks: readonly (string | Buffer)[]): Promise<void> {
  for (const chunk of chunks) {
    if (response.destroyed) return;
    response.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

function protocolOf(path: string): Protocol | undefined {
  if (/\/chat\/completions(\?|$)/.test(path)) return openaiChat;
  if (/\/responses(\?|$)/.test(path)) return openaiResponses;
  if (/\/messages(\?|$)/.test(path)) return anthropic;
  if (/:(stream)?generateContent(\?|$)/i.test(path)) return gemini;
  return /\/api\/chat(\?|$)/.test(path) ? ollama : undefined;
}

function wantsStream(path: string, body: unknown, { name }: Protocol): boolean {
  if (name === "gemini") return path.includes(":streamGenerateContent");
  const wish: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "stream") : undefined;
  return name === "ollama" ? wish !== false : wish === true;
}

function modelOf(path: string, body: unknown): string {
  const named = /\/models\/([^/:]+):/.exec(path)?.[1];
  const model: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "model") : undefined;
  return named ?? (typeof model === "string" ? model : "fake-model");
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
