import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createConsoleSink } from "../../src/builtin/console/index.ts";
import { eventOf, openContext } from "./support/open-context.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

it("prints an event on one line that cannot move the cursor or turn text around", async () => {
  const lines: string[] = [];
  const sink = createConsoleSink({ write: (line) => void lines.push(line) });
  const { sinkContext } = await openContext();
  await sink.handle(
    eventOf("entity.upserted", "evil\n\u001b[2J\u009b\u202e", { type: "note" }),
    sinkContext(),
  );
  await sink.handle(eventOf("started"), sinkContext());
  expect(lines).toEqual([
    '2026-01-01T00:00:00.000Z entity.upserted evil\\u{a}\\u{1b}[2J\\u{9b}\\u{202e} {"type":"note"}',
    "2026-01-01T00:00:00.000Z started - {}",
  ]);
});

it("prints to standard output unless told otherwise", () => {
  const program = join(temporaryFolder(), "program.ts");
  const source = join(import.meta.dirname, "../../src/builtin/console/index.ts");
  writeFileSync(
    program,
    `import { createConsoleSink } from ${JSON.stringify(source)};
     await createConsoleSink().handle({ created_at: "now", type: "tick", payload: {} }, {});`,
  );
  expect(execFileSync(process.execPath, [program], { encoding: "utf8" })).toBe("now tick - {}\n");
});

it("checks its options at the door", () => {
  const wrong = { id: "console", writer: () => undefined };
  expect(() => createConsoleSink(wrong)).toThrow('Did you mean "write"?');
  expect(() => createConsoleSink({ on: [""] })).toThrow('the option "on.0" must be a list of event types');
});
