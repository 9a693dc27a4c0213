/** Keeps the end of a text that comes in pieces. */
export interface TextTail {
  push(text: string): void;
  /** The end of the text, without control characters. */
  text(): string;
}

/** Creates a tail of at most `length` characters. */
export function createTextTail(length: number): TextTail {
  // Escape sequences are removed at the end, so more than the length is kept.
  const kept = length * 4;
  let end = "";
  return {
    push(text) {
      end = (end + text.slice(-kept)).slice(-kept);
    },
    text: () => withoutControls(end).trim().slice(-length).toWellFormed(),
  };
}

/** Removes the escape sequences of terminals and all control characters but line breaks and tabs. */
export function withoutControls(text: string): string {
  return text.replaceAll(escapes, "").replaceAll(controls, "");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const escapes = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]{0,4096}(?:\u0007|\u001B\\)|[@-Z\\^_])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const controls = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g;
