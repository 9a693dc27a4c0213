import type { Host } from "../command/host.ts";
import { createPaint, type Paint } from "./paint.ts";
import { type Column, tableLines } from "./table.ts";
import { visible, visibleJson } from "./visible.ts";

/** Where a command writes. With `--json`, standard output gets JSON and nothing else. */
export interface Output {
  readonly isJson: boolean;
  /** True where a person reads standard output. */
  readonly isTerminal: boolean;
  readonly paint: Paint;
  /** Aborted when nobody reads standard output any more, as after `| head -1`. */
  readonly closed: AbortSignal;
  /** Writes the one result of a command. Lines are written as they are: pass text of the outside world through `visible`. */
  result(value: unknown, lines: () => readonly string[]): void;
  /** Writes one of many results: a line of JSON, or of text. */
  item(value: unknown, line: () => string): void;
  /** Lines of a table, as wide as the terminal. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[];
  /** Says something besides the result, on standard error. Nothing with `--json`. */
  note(text: string): void;
  /** Replaces the line on which the cursor stands, on a terminal only. An empty text removes it. */
  status(text: string): void;
}

/** An output on the streams of a host. */
export function createOutput(host: Host, { isJson }: { readonly isJson: boolean }): Output & Disposable {
  const { stdout, stderr } = host;
  const paint = createPaint(stdout);
  const isTerminal = stdout.isTTY === true && !isJson;
  const over = new AbortController();
  let hasStatus = false;

  // Without a listener, the error of a closed pipe would end the process with a stack.
  const onError = (error: NodeJS.ErrnoException): void => {
    over.abort(error);
    if (error.code !== "EPIPE") stderr.write(`atlas: standard output cannot be written (${error.code}).\n`);
  };
  stdout.on("error", onError);

  const write = (text: string): void => {
    if (over.signal.aborted) return;
    clearStatus();
    stdout.write(`${text}\n`);
  };
  function clearStatus(): void {
    if (!hasStatus) return;
    hasStatus = false;
    stdout.write("\r\x1b[K");
  }

  return {
    isJson,
    isTerminal,
    paint,
    closed: over.signal,
    result(value, lines) {
      if (isJson) write(visibleJson(value));
      else for (const line of lines()) write(line);
    },
    item: (value, line) => write(isJson ? visibleJson(value) : line()),
    table: (columns, rows) =>
      tableLines(columns, rows, {
        width: isTerminal ? stdout.columns : undefined,
        paintTitle: (title) => paint("strong", title),
      }),
    note(text) {
      if (isJson) return;
      clearStatus();
      stderr.write(`${visible(text)}\n`);
    },
    status(text) {
      if (!isTerminal || over.signal.aborted) return;
      clearStatus();
      if (text === "") return;
      hasStatus = true;
      stdout.write(text);
    },
    [Symbol.dispose]: () => clearStatus(),
  };
}
