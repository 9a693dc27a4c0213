import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { UnnamedHarnessEvent } from "../../src/contract/event.ts";
import type { OutputReader } from "../../src/programs/agent-program.ts";
import { createOutputPump } from "../../src/programs/output-pump.ts";
import { createTextTail, withoutControls } from "../../src/programs/text-tail.ts";

/** Sends pieces through a pump, and returns all that came out of it. */
function pump(pieces: readonly Uint8Array[], stream: "stdout" | "stderr" = "stdout") {
  const events: UnnamedHarnessEvent[] = [];
  let text = "";
  const reader: OutputReader = {
    line: (_, line) => [{ type: "message", text: line }],
    text: (_, piece) => {
      text += piece;
    },
    end: () => ({ summary: "", outputs: [] }),
  };
  const made = createOutputPump(reader, (event) => events.push(event));
  for (const piece of pieces) made.take(stream, piece);
  made.end();
  return { events, text, stderr: made.stderr(), isCut: made.isCut() };
}

const tricky = fc
  .array(
    fc.oneof(
      fc.constantFrom("\r", "\n", "\r\n", "é", "\u{1F600}", "\uFEFF", "a").map((one) => Buffer.from(one)),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

describe("the output of a program", () => {
  it("is read the same however its bytes are split", () => {
    fc.assert(
      fc.property(
        tricky,
        fc.array(fc.nat(120), { maxLength: 8 }),
        fc.constantFrom("stdout", "stderr"),
        (bytes, cuts, stream) => {
          const places = [
            0,
            ...cuts.filter((cut) => cut <= bytes.length).sort((left, right) => left - right),
            bytes.length,
          ];
          const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          expect(pump(pieces, stream)).toEqual(pump([bytes], stream));
        },
      ),
    );
  });

  it("is told by lines, each with what the reader says about it", () => {
    expect(pump([Buffer.from("a\r\nb")]).events).toEqual([
      { type: "output", stream: "stdout", line: "a" },
      { type: "message", text: "a" },
      { type: "output", stream: "stdout", line: "b" },
      { type: "message", text: "b" },
    ]);
  });

  it("goes to the reader as it is, with its line breaks, and replacements for what is no UTF-8", () => {
    expect(pump([Buffer.from("\uFEFFa\r\n"), Buffer.from([0xff, 0x0a])]).text).toBe("\uFEFFa\r\n\uFFFD\n");
  });

  it("has lines that are cut at 1 MiB", () => {
    const { events, isCut } = pump([Buffer.alloc(3_000_000, "x")]);
    expect(isCut).toBe(true);
    expect(events.map((event) => ("line" in event ? event.line.length : 0))).toEqual([1_048_576, 0]);
  });

  it("does not stop where a listener throws, and tells later what a reader has thrown", () => {
    let lines = 0;
    const reader: OutputReader = {
      line() {
        lines += 1;
        throw new Error("reader");
      },
      end: () => ({ summary: "", outputs: [] }),
    };
    const made = createOutputPump(reader, () => {
      throw new Error("listener");
    });
    made.take("stdout", Buffer.from("a\nb\n"));
    made.take("stdout", Buffer.from("c\n"));
    made.end();
    expect(lines).toBe(1);
    expect(() => made.reader()).toThrow("reader");
  });
});

describe("the end of what a program complains about", () => {
  it("has no control characters and escape sequences", () => {
    expect(
      withoutControls(
        "\u001B[1;31mred\u001B[0m \u001B]8;;http://x\u0007link\u001B\\ a\u0007\rb\tc\n\u009Bd\u007F",
      ),
    ).toBe("red link ab\tc\nd");
  });

  it("is kept up to its limit", () => {
    const tail = createTextTail(5);
    for (const piece of ["abc", "def", "gh\n", "\u001B[0m"]) tail.push(piece);
    expect(tail.text()).toBe("defgh");
    const long = createTextTail(3);
    long.push("x".repeat(100_000));
    expect(long.text()).toBe("xxx");
  });
});
