/** A tool that a fake model calls. */
export interface FakeToolCall {
  /** As the request lists it. */
  readonly name: string;
  /** The arguments. A text is passed as it is, to a tool that takes free text. */
  readonly input: string | object;
}

/** What a fake model says, before a protocol puts it into its own words. */
export interface FakeAnswer {
  readonly text: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly finish: "stop" | "length" | "content_filter";
  /** Called after the text. */
  readonly toolCalls: readonly (FakeToolCall & { readonly id: string })[];
}

/** How one kind of service talks. */
export interface Protocol {
  readonly name: "openai-chat" | "openai-responses" | "anthropic" | "gemini" | "ollama";
  readonly contentType: "text/event-stream" | "application/x-ndjson";
  /** The answer to a call that does not stream. */
  whole(answer: FakeAnswer): object;
  /** What comes before the text, each piece of text, and what says that the answer is complete. */
  stream(answer: FakeAnswer): {
    readonly begin: readonly string[];
    piece(text: string): string;
    readonly end: readonly string[];
  };
  /** The error with which the service refuses a request before a model sees it, with status 400. Default: it refuses nothing. */
  refuse?(body: unknown): object | undefined;
  /** How the service says what went wrong. */
  error(status: number, message: string): object;
}

/** The arguments of a call as a text. */
export function argumentsOf({ input }: FakeToolCall): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}

/** One event of a stream of server-sent events. */
export function event(data: object | string, name?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`;
}
