import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { HarnessRun } from "../../src/contract/driver.ts";
import type { AgentProgram } from "../../src/programs/agent-program.ts";
import { createProgramDriver } from "../../src/programs/program-driver.ts";
import { createOwned, fixture } from "../support/owned.ts";
import { createRun } from "../support/run.ts";

/** Runs a program whose summary is all that it prints. */
async function runProgram(
  program: Partial<AgentProgram>,
  rest: Partial<HarnessRun> = {},
  env = { PATH: "/usr/bin:/bin" },
) {
  const { processes, stateDir } = createOwned();
  const cwd = join(stateDir, "work");
  mkdirSync(join(cwd, "bin"), { recursive: true });
  writeFileSync(join(cwd, "bin/agent-of-the-folder"), "#!/bin/sh\necho taken\n", { mode: 0o755 });
  const driver = createProgramDriver("agent", {
    command: "sh",
    envNames: [],
    invocation: () => ({ args: [] }),
    reader: () => {
      let text = "";
      return {
        line: () => [],
        text: (_, piece) => {
          text += piece;
        },
        end: () => ({ summary: text, outputs: [] }),
      };
    },
    ...program,
  });
  const path = env.PATH.replace("<work>", cwd);
  return driver.run(createRun(cwd, rest).run, {
    processes,
    env: { ...env, PATH: path },
    filesDir: join(stateDir, "files"),
  });
}

describe("a driver of a program", () => {
  it("takes no program from the folder that the agent works in", async () => {
    const run = runProgram({ command: "agent-of-the-folder" }, {}, { PATH: "<work>/bin:/usr/bin" });
    await expect(run).rejects.toMatchObject({ code: "ATLAS_HARNESS_UNAVAILABLE" });
  });

  it("does not start a program in a repository that would make it start others", async () => {
    const run = runProgram({ startsFrom: ["bin/agent-of-the-folder"] });
    await expect(run).rejects.toMatchObject({ code: "ATLAS_HARNESS_INPUT_REFUSED" });
  });

  it("adds the variables of the workspace, which nobody else may set", async () => {
    const workspaceEnv = { GIT_CEILING_DIRECTORIES: "/above" };
    const { summary } = await runProgram({ command: fixture("print-env") }, { workspaceEnv });
    expect(summary.split("\0")).toContain("GIT_CEILING_DIRECTORIES=/above");
    const own = runProgram({ command: fixture("print-env") }, { env: workspaceEnv });
    await expect(own).rejects.toThrow(TypeError);
  });

  it("shows the invocation what the program gets from host and task", async () => {
    let seen: Readonly<Record<string, string>> | undefined;
    await runProgram(
      {
        command: "true",
        envNames: ["PATH"],
        invocation: (_, __, env) => {
          seen = env;
          return { args: [] };
        },
      },
      { env: { NO_COLOR: "1" } },
    );
    expect(seen).toEqual({ PATH: "/usr/bin:/bin", NO_COLOR: "1" });
  });

  it("writes the files of an invocation below its own folders, and nowhere else", async () => {
    const { summary } = await runProgram({
      command: "cat",
      invocation: (_, { stateDir }) => ({
        args: [`${stateDir}/a/b.txt`],
        files: { [`${stateDir}/a/b.txt`]: "hello" },
      }),
    });
    expect(summary).toBe("hello");
    const outside = runProgram({
      command: "true",
      invocation: (run) => ({ args: [], files: { [`${run.cwd}/a`]: "x" } }),
    });
    await expect(outside).rejects.toThrow(/neither `promptFile` nor below `stateDir`/);
  });

  it("makes the folder for the agent's own state where the invocation uses it", async () => {
    const used = await runProgram({
      command: "ls",
      invocation: (_, { stateDir }) => ({ args: ["-d", stateDir] }),
    });
    expect(used.summary).toMatch(/\/state\n$/);
  });
});
