/** What a fake model says, before a protocol puts it into its own words. */
export interface FakeAnswer {
  readonly text: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly finish: "stop" | "length" | "content_filter";
  /** The tools that it calls after its text. */
  readonly toolCalls: readonly FakeToolCall[];
}

/** A tool that a fake model calls, with the arguments. */
export interface FakeToolCall {
  readonly name: string;
  readonly input: object;
}

/** A call with what services add to it. */
export function identified(calls: readonly FakeToolCall[]) {
  return calls.map(({ name, input }, index) => ({
    index,
    id: `call_${index + 1}`,
    name,
    input,
    text: JSON.stringify(input),
  }));
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

/** One event of a stream of server-sent events. */
export function event(data: object | string, name?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`;
}
