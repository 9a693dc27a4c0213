import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { expect, it } from "vitest";
import { startLines } from "../src/commands/start/describe-gateway.ts";
import { createOutput } from "../src/output/output.ts";

const facts = {
  database: "data/atlas.db",
  sources: [],
  workflows: ["say.v1"],
  sinks: [],
  models: ["mock (no real model answers)"],
  url: "http://127.0.0.1:4400",
  console: "http://127.0.0.1:4400/console",
};

it.each([
  { isTerminal: true, link: "http://127.0.0.1:4400/console#token=atl_secret" },
  { isTerminal: false, link: "http://127.0.0.1:4400/console" },
])("shows a link that signs in to people only: on a terminal $isTerminal", ({ isTerminal, link }) => {
  const stdout = Object.assign(new PassThrough(), { isTTY: isTerminal }) as unknown as WriteStream;
  const host = { cwd: "/", env: {}, stdin: process.stdin, stdout, stderr: stdout };
  using output = createOutput(host, { isJson: false });
  const lines = startLines(facts, { output, tokenFile: "data/atlas.db.serve.json", token: "atl_secret" });
  expect(
    lines
      .find((line) => line.includes("/console"))
      ?.split(/\s+/)
      .at(-1),
  ).toBe(link);
  expect(lines.join("\n").includes("atl_secret")).toBe(isTerminal);
});
