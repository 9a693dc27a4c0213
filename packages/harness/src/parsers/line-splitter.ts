/** Splits a text that comes in pieces into lines. */
export interface LineSplitter {
  push(text: string): void;
  /** Passes on the last line if no line break ended it. */
  end(): void;
  /** A line was longer than the limit, and was cut. */
  readonly isCut: boolean;
}

const LONGEST_LINE = 1_048_576;

/** Calls `onLine` with each line, without its line break. How the text was split into pieces makes no difference. */
export function createLineSplitter(
  onLine: (line: string) => void,
  longestLine: number = LONGEST_LINE,
): LineSplitter {
  let begun = "";
  let length = 0;
  let last = "";
  let isCut = false;

  return {
    push(text) {
      let start = 0;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
        add(text.slice(start, end));
        finish();
        start = end + 1;
      }
      add(text.slice(start));
    },
    end() {
      if (length > 0) finish();
    },
    get isCut() {
      return isCut;
    },
  };

  function add(piece: string): void {
    if (piece === "") return;
    length += piece.length;
    last = piece.at(-1) ?? "";
    if (begun.length < longestLine) begun += piece.slice(0, longestLine - begun.length);
  }

  function finish(): void {
    const whole = last === "\r" ? length - 1 : length;
    if (whole > longestLine) isCut = true;
    const line = begun.slice(0, whole).toWellFormed();
    begun = "";
    length = 0;
    last = "";
    onLine(line);
  }
}
