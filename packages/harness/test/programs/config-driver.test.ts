import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseRoutingConfig } from "@atlas/routing";
import { expect, it } from "vitest";
import { createConfigDriver } from "../../src/programs/config-driver.ts";
import type { AcpScript } from "../support/acp-script.ts";
import { createOwned, fixture } from "../support/owned.ts";
import { createRun } from "../support/run.ts";

it("talks to an agent of a routing file that speaks the Agent Client Protocol", async () => {
  const { processes, stateDir } = createOwned();
  const cwd = join(stateDir, "work");
  mkdirSync(cwd);
  const script: AcpScript = {
    modes: [{ id: "planning", name: "Planning" }],
    steps: [{ sayPrompt: true }],
  };
  const { harnesses } = parseRoutingConfig({
    harnesses: {
      "my-agent": {
        protocol: "acp",
        command: process.execPath,
        args_template: [fixture("acp-agent.ts"), JSON.stringify(script)],
        modes: { plan: { session_mode: "planning" }, propose: {} },
        timeout_ms: 20_000,
      },
    },
  });
  const config = harnesses?.["my-agent"];
  if (config === undefined) throw new Error("The entry is missing.");
  const driver = createConfigDriver("my-agent", config);
  expect([driver.modes, driver.timeoutMs]).toEqual([["plan", "propose"], 20_000]);
  const { run } = createRun(cwd, { harness: "my-agent", mode: "plan", goal: "Say it." });
  const { summary } = await driver.run(run, { processes, env: { PATH: "/usr/bin:/bin" } });
  expect(summary).toMatch(/planning[\s\S]*Say it\./);
});

it("runs a program of a routing file that speaks no protocol", () => {
  const driver = createConfigDriver("my-tool", { command: "my-cli-tool", modes: ["plan"], timeout_ms: 5 });
  expect([driver.modes, driver.timeoutMs]).toEqual([["plan"], 5]);
});
