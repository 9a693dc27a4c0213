import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { commandEnvironment, PROGRAM } from "./support/atlas.ts";
import { emptyFolder, project } from "./support/project.ts";
import { startGateway } from "./support/running.ts";

// Of util-linux, which Debian always has: it gives a command a pseudo-terminal.
const hasScript = spawnSync("script", ["--version"]).status === 0;

/** Runs a line of shell in a terminal, in which `atlas` is the program. Resolves with what it prints, and its exit code. */
async function inTerminal(
  line: string,
  {
    cwd,
    env = {},
    input = "",
  }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly input?: string },
): Promise<{ readonly code: number; readonly output: string }> {
  const shell = `stty cols 60 rows 24; atlas() { "${process.execPath}" "${PROGRAM}" "$@"; }; ${line}; echo "exit $?"`;
  const running = promisify(execFile)("script", ["-qec", shell, "/dev/null"], {
    cwd,
    env: commandEnvironment({ TERM: "xterm-256color", SHELL: "/bin/bash", ...env }),
  });
  running.child.stdin?.end(input);
  const { stdout } = await running;
  const [, output = "", code] = /^([\s\S]*)exit (\d+)\s*$/.exec(stdout) ?? [];
  return { code: Number(code), output };
}

describe.skipIf(!hasScript)("in a terminal (needs `script` of util-linux)", () => {
  it("runs a job from one command to the next, in colours and within the width", async () => {
    const cwd = project();
    await startGateway(cwd);
    const { code, output } = await inTerminal(
      'atlas sync notes && id=$(atlas jobs create model.v1) && atlas jobs watch "$id" && atlas jobs show "$id" && atlas jobs ls',
      { cwd },
    );
    expect(output).toContain("\u001b[32msucceeded");
    expect(output).toContain("\u001b[1mSOURCE");
    const table = output.slice(output.lastIndexOf("\u001b[1mID"));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal is told.
    const lines = table.replace(/\u001b\[[\d;]*[mK]/g, "").split(/\r?\n/);
    expect(lines[1]).toContain("…");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
    expect(code).toBe(0);
  });

  it("leaves no escape sequence of a job's error to the terminal", async () => {
    const cwd = project();
    await startGateway(cwd);
    const { output } = await inTerminal(
      'id=$(atlas jobs create fail.v1); atlas jobs watch "$id"; atlas jobs show "$id"; atlas jobs ls',
      { cwd },
    );
    expect(output).toContain("It cannot");
    // What the workflow's message wants to switch on.
    expect(output).not.toContain("\u001b[31mwork");
  });

  it.each([
    ["NO_COLOR", "1", false],
    ["FORCE_COLOR", "1", true],
  ])("obeys %s=%s", async (name, value, isColoured) => {
    const { output } = await inTerminal("atlas doctor", { cwd: project(), env: { [name]: value } });
    expect(output.includes("\u001b[32m")).toBe(isColoured);
  });

  it("prints JSON without colours or a line of progress", async () => {
    const { output } = await inTerminal("atlas sync notes --json", { cwd: project() });
    expect(output).not.toContain("\u001b");
    expect(JSON.parse(output)).toMatchObject({ sources: [{ id: "notes" }] });
  });

  it("asks where a new project goes", async () => {
    const { code, output } = await inTerminal("atlas init", { cwd: emptyFolder(), input: "tea\n" });
    expect(output).toMatch(/Folder \(\.\):[\s\S]*Created /);
    expect(output).toContain("\u001b[1mtea");
    expect(code).toBe(0);
  });

  it("ends quietly behind head", async () => {
    const { code, output } = await inTerminal("atlas jobs --help | head -1", { cwd: project() });
    expect([code, output]).toEqual([0, "List, create and control jobs (atlas jobs)\r\n"]);
  });
});
