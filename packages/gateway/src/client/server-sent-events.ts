/** One event of a stream. */
export interface ServerSentEvent {
  /** `message` where the server names none. */
  readonly event: string;
  /** What was given as data; nothing for an event that only moved the id, or a comment. */
  readonly data: string | undefined;
  /** The last id that the stream had so far. */
  readonly id: string | undefined;
}

/** Reads a stream of server-sent events, in whatever pieces it comes. It ends with the stream, and throws what reading throws. */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerSentEvent, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let id: string | undefined;
  let event = "";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // An event without its empty line was cut off, and comes again.
      if (done) return undefined;
      rest += decoder.decode(value, { stream: true });
      // A `\r` at the end may be half of `\r\n`.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          yield {
            event: event === "" ? "message" : event,
            data: data.length === 0 ? undefined : data.join("\n"),
            id,
          };
          event = "";
          data = [];
          continue;
        }
        const [field, given] = fieldOf(line);
        if (field === "data") data.push(given);
        else if (field === "event") event = given;
        else if (field === "id" && !given.includes("\0")) id = given;
      }
    }
  } finally {
    // Leaving early ends the request.
    await reader.cancel().catch(() => undefined);
  }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  if (colon === -1) return [line, ""];
  const given = line.slice(colon + 1);
  return [line.slice(0, colon), given.startsWith(" ") ? given.slice(1) : given];
}
