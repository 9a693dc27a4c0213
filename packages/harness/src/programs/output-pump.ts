import type { UnnamedHarnessEvent } from "../contract/event.ts";
import { createLineSplitter } from "../parsers/line-splitter.ts";
import type { OutputReader } from "./agent-program.ts";
import { createTextTail } from "./text-tail.ts";

/** Takes the bytes of a program to its reader and to the listener of events. */
export interface OutputPump {
  take(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** Takes the last lines, which no line break has ended. */
  end(): void;
  /** The reader. Throws what the reader has thrown before, which must not reach the program's streams. */
  reader(): OutputReader;
  /** The end of standard error. */
  stderr(): string;
  /** A line was cut. */
  isCut(): boolean;
}

const LONGEST_TAIL = 2_000;

/** Creates a pump. How the bytes are split into pieces makes no difference. */
export function createOutputPump(
  reader: OutputReader,
  onEvent: (event: UnnamedHarnessEvent) => void,
): OutputPump {
  const tail = createTextTail(LONGEST_TAIL);
  const streams = { stdout: streamOf("stdout"), stderr: streamOf("stderr") };
  let thrown: { readonly error: unknown } | undefined;

  return {
    take(stream, bytes) {
      guarded(() => streams[stream].push(bytes));
    },
    end() {
      guarded(() => streams.stdout.end());
      guarded(() => streams.stderr.end());
    },
    reader() {
      if (thrown !== undefined) throw thrown.error;
      return reader;
    },
    stderr: () => tail.text(),
    isCut: () => streams.stdout.splitter.isCut || streams.stderr.splitter.isCut,
  };

  function streamOf(stream: "stdout" | "stderr") {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const splitter = createLineSplitter((line) => {
      tell({ type: "output", stream, line });
      for (const event of reader.line(stream, line)) tell(event);
    });
    return {
      splitter,
      push: (bytes: Uint8Array) => pass(decoder.decode(bytes, { stream: true })),
      end() {
        pass(decoder.decode());
        splitter.end();
      },
    };

    function pass(text: string): void {
      if (stream === "stderr") tail.push(text);
      if (text !== "") reader.text?.(stream, text);
      splitter.push(text);
    }
  }

  /** A listener that throws must not cost the task. */
  function tell(event: UnnamedHarnessEvent): void {
    try {
      onEvent(event);
    } catch {
      // The listener is the caller's; nobody else can be told.
    }
  }

  function guarded(work: () => void): void {
    if (thrown !== undefined) return;
    try {
      work();
    } catch (error) {
      thrown = { error };
    }
  }
}
