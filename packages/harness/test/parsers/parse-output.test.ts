import type { OutputParserConfig } from "@atlas/routing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffIn } from "../../src/parsers/diff-in-text.ts";
import { fieldAt, textOf } from "../../src/parsers/field-path.ts";
import { parseOutput } from "../../src/parsers/parse-output.ts";

const noFiles = { match: async () => ({ files: [], truncated: false }) };

async function found(name: string, parser: OutputParserConfig, stdout: string, exitCode = 0) {
  const { outputs } = await parseOutput(name, parser, { stdout, exitCode, files: noFiles });
  return outputs.map((output) => ("text" in output ? output.text : "diff" in output ? output.diff : output));
}

describe("an output parser", () => {
  it.each<[string, OutputParserConfig, string, readonly unknown[]]>([
    ["all output", { type: "stdout_all" }, " a\r\nb", [" a\r\nb"]],
    ["nothing of an empty output", { type: "stdout_all" }, " \n", []],
    [
      "the last section",
      { type: "stdout_section", start_marker: "<plan>", end_marker: "</plan>" },
      "<plan>\nold\n</plan>\n<plan>\r\nnew\r\n</plan>",
      ["new"],
    ],
    [
      "the first section",
      { type: "stdout_section", start_marker: "<plan>", end_marker: "</plan>", take: "first" },
      "<plan>old</plan><plan>new</plan>",
      ["old"],
    ],
    [
      "a section without an end",
      { type: "stdout_section", start_marker: "## Plan" },
      "x\n## Plan\na\nb\n",
      ["a\nb"],
    ],
    [
      "the last section between equal markers",
      { type: "stdout_section", start_marker: "---", end_marker: "---" },
      "---\na\n---\nx\n---\nb\n---\n",
      ["b"],
    ],
    ["nothing where no section starts", { type: "stdout_section", start_marker: "<plan>" }, "a", []],
    [
      "a field of the whole output",
      { type: "json_field", field: "a.b[0]" },
      '{\n "a": {"b": ["x"]}\n}',
      ["x"],
    ],
    [
      "a field of the last element",
      { type: "json_field", field: "[-1].result" },
      '[{"result":"a"},{"result":"b"}]',
      ["b"],
    ],
    [
      "a field of the last line that is JSON",
      { type: "json_field", field: "text" },
      'hello\n{"text":"a"}\r\n{"text":"b"}\nbye {\n',
      ["b"],
    ],
    ["a value that is no text, as JSON", { type: "json_field", field: "a" }, '{"a":[1]}', ["[\n  1\n]"]],
    ["nothing of a field that is null", { type: "json_field", field: "a" }, '{"a":null}', []],
    ["nothing of output that is not JSON", { type: "json_field", field: "a" }, "a", []],
    [
      "the last of the chosen lines",
      { type: "json_lines", field: "item.text", where: { field: "item.type", equals: "agent_message" } },
      '{"item":{"type":"agent_message","text":"a"}}\n{broken\n{"item":{"type":"agent_message","text":"b"}}\n{"item":{"type":"x","text":"c"}}',
      ["b"],
    ],
    [
      "all of the chosen lines",
      {
        type: "json_lines",
        field: "t",
        where: [
          { field: "a", equals: 1 },
          { field: "b", equals: null },
        ],
        take: "all",
      },
      '{"a":1,"b":null,"t":"x"}\n{"a":1,"b":2,"t":"y"}\n{"a":1,"b":null,"t":"z"}',
      ["x\nz"],
    ],
    ["the exit code", { type: "exit_code" }, "", ["3"]],
  ])("finds %s", async (_, parser, stdout, expected) => {
    expect(await found("answer", parser, stdout, 3)).toEqual(expected);
  });

  it("has a name that decides the type of what it finds", async () => {
    const parser: OutputParserConfig = { type: "stdout_all" };
    const output = { stdout: "ls\n\ncat a", exitCode: 0, files: noFiles };
    const one = async (name: string) => (await parseOutput(name, parser, output)).outputs;
    expect(await one("diff")).toEqual([
      { type: "diff", diff: "ls\n\ncat a\n", source: "agent", name: "diff" },
    ]);
    expect(await one("plan")).toEqual([{ type: "plan", text: "ls\n\ncat a", name: "plan" }]);
    expect(await one("notes")).toEqual([{ type: "text", text: "ls\n\ncat a", name: "notes" }]);
    expect(await one("command_log")).toEqual([
      { type: "command_log", commands: [{ command: "ls" }, { command: "cat a" }], name: "command_log" },
    ]);
  });

  it("returns files as files, unless its name says what they hold", async () => {
    const files = {
      match: async (pattern: string) => ({
        files: [
          { path: `${pattern}1`, content: "a", truncated: false },
          { path: `${pattern}2`, content: "b", truncated: true },
        ],
        truncated: false,
      }),
    };
    const output = { stdout: "", exitCode: 0, files };
    expect(await parseOutput("reports", { type: "file_glob", pattern: "r" }, output)).toEqual({
      outputs: [
        { type: "file", path: "r1", content: "a", name: "reports" },
        { type: "file", path: "r2", content: "b", truncated: true, name: "reports" },
      ],
      truncated: true,
    });
    expect((await parseOutput("plan", { type: "file_glob", pattern: "r" }, output)).outputs).toEqual([
      { type: "plan", text: "a\nb", name: "plan" },
    ]);
  });
});

it("reads own fields only", () => {
  expect(fieldAt({ a: 1 }, "constructor")).toBeUndefined();
  expect(fieldAt({ a: 1 }, "__proto__.x")).toBeUndefined();
  expect(fieldAt([1], "length")).toBe(1);
  expect(fieldAt({ 0: 1 }, "[0]")).toBeUndefined();
});

it("finds nothing in a value that is nested too deeply to be written", () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  expect(textOf(deep)).toBeUndefined();
});

const git = `diff --git a/a.txt b/a.txt
index 1..2 100644
--- a/a.txt
+++ b/a.txt
@@ -1,3 +1,3 @@
 one
-two
+2

@@ -9 +9,2 @@ function
-x
\\ No newline at end of file
+y
+-- z
`;
const renamed = `diff --git a/b.txt b/c.txt
similarity index 100%
rename from b.txt
rename to c.txt
`;
const binary = `diff --git a/d.bin b/d.bin
new file mode 100644
index 0..1
GIT binary patch
literal 3
KcmZQzWMT#Y01f~L

literal 0
HcmV?d00001

`;
const plain = `--- a.txt\t2026-01-01
+++ a.txt\t2026-01-02
@@ -1 +1 @@
-a
+b
`;

describe("the search for differences", () => {
  it.each([
    ["one of git", git],
    ["a renamed file", renamed],
    ["a binary file", binary],
    ["one without git", plain],
    ["several", git + renamed + binary + plain],
  ])("takes %s out of prose and fences", (_, diff) => {
    expect(diffIn(diff)).toBe(diff);
    expect(diffIn(`I changed this:\n\`\`\`diff\n${diff}\`\`\`\n- a list\n+ another\n--- \nDone.`)).toBe(diff);
  });

  it("keeps the line breaks of Windows", () => {
    const windows = plain.replaceAll("\n", "\r\n");
    expect(diffIn(windows)).toBe(windows);
  });

  it("finds none in prose, and takes what is there of one that was cut", () => {
    expect(diffIn("- a\n+ b\n--- c\ndiff of things\n@@ -1 +1 @@")).toBe("");
    expect(diffIn("diff --git a/a b/a\nnonsense")).toBe("");
    expect(diffIn(plain.slice(0, -3))).toBe(plain.slice(0, -3));
  });

  it("ends whatever the text is, and finds the same in what it has found", () => {
    const line = fc.constantFrom(
      "--- a",
      "+++ b",
      "@@ -1,2 +1 @@",
      "diff --git a/a b/a",
      "index 1",
      " x",
      "-x",
      "+x",
      "",
      "GIT binary patch",
      "literal 3",
      "prose",
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const once = diffIn(lines.join("\n"));
        expect(diffIn(once)).toBe(once);
      }),
    );
  });
});
