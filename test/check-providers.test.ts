import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFakeModelServer } from "@atlas/testing";
import { expect, it, onTestFinished } from "vitest";

const program = join(import.meta.dirname, "../scripts/check-providers.ts");

it("asks each service that has a key three times, and skips the others with the reason", async () => {
  const server = await createFakeModelServer();
  onTestFinished(() => server.stop());
  server.reply("Ahoy", "One two three", '{"sum":42}', { status: 401, message: "No." });
  const routing = {
    llm: {
      profiles: { all: ["mock"] },
      providers: {
        openai: { base_url: server.urls.openai },
        // It shares the key of openai, and must not leave this machine.
        "openai-mini": { base_url: server.urls.openai, api_key_env: "NOBODYS_KEY" },
        google: { base_url: server.urls.google },
      },
    },
  };
  writeFileSync("routing.json", JSON.stringify(routing));
  onTestFinished(() => rmSync("routing.json"));
  const child = spawn(process.execPath, [program, "--routing", "routing.json"], {
    env: {
      PATH: process.env["PATH"],
      NODE_OPTIONS: "--conditions=@atlas/source",
      OPENAI_API_KEY: "canary-1",
      GOOGLE_GENERATIVE_AI_API_KEY: "canary-2",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = await once(child, "close");
  expect(output).toMatch(/^openai +text +ok +gpt-5\.6, 7 \+ 5 tokens: Ahoy/m);
  expect(output).toMatch(/^openai +stream +ok +3 pieces/m);
  expect(output).toMatch(/^openai +object +ok +\{"sum":42\}/m);
  expect(output).toMatch(
    /^anthropic-haiku +skipped: the environment variable ANTHROPIC_API_KEY is not set$/m,
  );
  expect(output).toMatch(/^google +text +FAILED .*\[401\]: No\./m);
  expect(output).not.toContain("canary");
  expect(code).toBe(1);
}, 30_000);
