/**
 * One event of a stream. `position` says where the stream is, and has no data.
 *
 * @typedef {{ readonly id: string, readonly type: string, readonly data: string }} StreamEvent
 */

const MAX_CHARACTERS = 16 * 1_024 * 1_024;

/**
 * Reads server-sent events from a body, by the rules of the HTML standard: lines end with LF, CR or both, `data` lines are joined, and a
 * line that begins with a colon is a comment. An event of more than 16 Mi characters ends it with an error.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @returns {AsyncGenerator<StreamEvent, void, void>}
 */
export async function* readEventStream(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let id = "";
  let hasId = false;
  let type = "";
  /** @type {string[]} */
  let data = [];
  let characters = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      // A CR at the very end may be half of a line end.
      const lines = (rest.endsWith("\r") ? rest.slice(0, -1) : rest).split(/\r\n|\r|\n/);
      rest = (lines.pop() ?? "") + (rest.endsWith("\r") ? "\r" : "");
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) yield { id, type: type === "" ? "message" : type, data: data.join("\n") };
          else if (hasId) yield { id, type: "position", data: "" };
          hasId = false;
          type = "";
          data = [];
          characters = 0;
          continue;
        }
        const colon = line.indexOf(":");
        const name = colon === -1 ? line : line.slice(0, colon);
        const text = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
        characters += text.length;
        if (name === "data") data.push(text);
        else if (name === "event") type = text;
        else if (name === "id") {
          id = text;
          hasId = true;
        }
      }
      if (rest.length + characters > MAX_CHARACTERS)
        throw new Error("The server sent an event that is too large.");
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
