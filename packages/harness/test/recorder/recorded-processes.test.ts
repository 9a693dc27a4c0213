import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HarnessConfig } from "@atlas/routing";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { OwnedProcesses, Program } from "../../src/processes/owned-processes.ts";
import { createConfigProgram } from "../../src/programs/config-program.ts";
import { createProgramDriver } from "../../src/programs/program-driver.ts";
import {
  createRecordedProcesses,
  type RecordedProcessesOptions,
} from "../../src/recorder/recorded-processes.ts";
import { createOwned } from "../support/owned.ts";
import { createRun } from "../support/run.ts";

const path = "cassette.json";

beforeEach(() => {
  onTestFinished(() => {
    for (const name of [path, "work", "again"]) rmSync(name, { recursive: true, force: true });
  });
  mkdirSync("work");
  mkdirSync("again");
});

const shell = (text: string, cwd = "work", rest: Partial<Program> = {}): Program => ({
  runId: "run-1",
  harness: "agent",
  command: "/bin/sh",
  args: ["-c", text],
  cwd: join(process.cwd(), cwd),
  env: { PATH: "/usr/bin:/bin", HOUSE_KEY: "house-key-1234567" },
  ...rest,
});

async function run(processes: OwnedProcesses, program: Program) {
  const printed = { stdout: "", stderr: "" };
  const end = await processes.run({
    ...program,
    onOutput: (stream, bytes) => {
      printed[stream] += Buffer.from(bytes).toString();
    },
  });
  return { end, printed };
}

const record = (options: Partial<RecordedProcessesOptions> = {}): OwnedProcesses =>
  createRecordedProcesses({ path, mode: "record", processes: createOwned().processes, ...options });

const replay = (options: Partial<RecordedProcessesOptions> = {}): OwnedProcesses =>
  createRecordedProcesses({ path, mode: "replay", ...options });

const recorded = () => JSON.parse(readFileSync(path, "utf8"));

describe("a recorded run", () => {
  it("prints the same, ends the same and changes the same files in another folder", async () => {
    writeFileSync("work/old.txt", "old");
    writeFileSync("work/gone.txt", "gone");
    writeFileSync("again/gone.txt", "gone");
    const text = [
      "pwd; echo problem >&2; printf 'x' > new.txt; mkdir -p a/b; pwd > a/b/where.txt; printf '\\377\\0' > binary",
      "rm gone.txt; ln -s new.txt link; printf '#!/bin/sh' > tool; chmod +x tool; exit 3",
    ].join("; ");
    const first = await run(record(), shell(text));
    const second = await run(replay(), shell(text, "again", { runId: "run-2" }));
    const again = join(process.cwd(), "again");
    expect(first.printed).toEqual({ stdout: `${join(process.cwd(), "work")}\n`, stderr: "problem\n" });
    expect(second.printed).toEqual({ stdout: `${again}\n`, stderr: "problem\n" });
    expect(second.end).toMatchObject({ exitCode: 3, endedBy: "itself", leftOvers: 0 });
    expect(readFileSync("again/a/b/where.txt", "utf8")).toBe(`${again}\n`);
    expect(readFileSync("again/binary")).toEqual(Buffer.from([0xff, 0]));
    expect(readFileSync("again/link", "utf8")).toBe("x");
    expect(statSync("again/tool").mode & 0o111).not.toBe(0);
    expect([existsSync("again/gone.txt"), existsSync("again/old.txt")]).toEqual([false, false]);
    expect(recorded().runs[0].files.map((file: { path: string }) => file.path)).toEqual([
      "a/b/where.txt",
      "binary",
      "gone.txt",
      "link",
      "new.txt",
      "tool",
    ]);
  });

  it("is kept in a file that only its owner can read, without secrets and without the values of variables", async () => {
    const stdin = "my key is house-key-1234567 and sk-abcdefghijklmnop";
    const text =
      "cat > seen.txt; cat seen.txt; printf 'house-key'; printf -- '-1234567'; printf 'hunter22' >&2";
    await run(
      record({ secrets: ["hunter22"], redact: (one) => one.replaceAll("Ada", "[name]") }),
      shell(text, "work", { stdin, args: ["-c", text, "Ada"] }),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const file = readFileSync(path, "utf8");
    for (const secret of [
      "house-key-1234567",
      "sk-abcdefghijklmnop",
      "hunter22",
      "Ada",
      "-1234567",
      process.cwd(),
    ]) {
      expect([secret, file.includes(secret)]).toEqual([secret, false]);
    }
    expect(recorded().runs[0].call).toMatchObject({ command: "sh", env: ["HOUSE_KEY"] });
    expect(recorded().runs[0].call.args[2]).toBe("[name]");
    const redact = (one: string): string => one.replaceAll("Ada", "[name]");
    const { end } = await run(
      replay({ secrets: ["hunter22"], redact }),
      shell(text, "again", { stdin, args: ["-c", text, "Ada"] }),
    );
    expect(end.exitCode).toBe(0);
  });

  it("is free of a secret that came in two pieces", async () => {
    const processes: OwnedProcesses = {
      ...createOwned().processes,
      async run({ onOutput }) {
        for (const text of ["a house-", "key-1234567", " b"]) onOutput?.("stdout", Buffer.from(text));
        const truncated = { stdout: false, stderr: false };
        return { exitCode: 0, endedBy: "itself", durationMs: 5, truncated, leftOvers: 0 };
      },
    };
    await run(record({ processes }), shell("echo"));
    const { output } = recorded().runs[0];
    expect(output.map(({ text }: { text: string }) => text)).toEqual(["a [redacted] b"]);
  });

  it("keeps the pieces in which output came, also where one ends within a character", async () => {
    const processes: OwnedProcesses = {
      ...createOwned().processes,
      async run({ onOutput }) {
        onOutput?.("stdout", Buffer.from([0x61, 0xc3]));
        onOutput?.("stdout", Buffer.from([0xa9, 0x62]));
        onOutput?.("stderr", Buffer.from("c\n"));
        return {
          exitCode: 0,
          endedBy: "itself",
          durationMs: 5,
          truncated: { stdout: true, stderr: false },
          leftOvers: 0,
        };
      },
    };
    await run(record({ processes }), shell("echo"));
    const { output } = recorded().runs[0];
    expect(
      output.map(({ stream, text: piece }: { stream: string; text: string }) => [stream, piece]),
    ).toEqual([
      ["stdout", "a"],
      ["stdout", "éb"],
      ["stderr", "c\n"],
    ]);
    expect(output[1].at_ms).toBeGreaterThanOrEqual(output[0].at_ms);
    const { printed, end } = await run(replay(), shell("echo"));
    expect(printed).toEqual({ stdout: "aéb", stderr: "c\n" });
    expect(end.truncated).toEqual({ stdout: true, stderr: false });
  });

  it("is played once for each time it was recorded, and the last time again", async () => {
    const recording = record();
    for (const text of ["1", "2"]) {
      writeFileSync("work/in.txt", text);
      await run(recording, shell("cat in.txt"));
    }
    const replaying = replay();
    const said = [];
    for (let time = 0; time < 3; time += 1)
      said.push((await run(replaying, shell("cat in.txt"))).printed.stdout);
    expect(said).toEqual(["1", "2", "2"]);
  });

  it("replaces the file when it is recorded again, and is added in auto mode", async () => {
    await run(record(), shell("echo 1"));
    await run(record(), shell("echo 2"));
    expect(recorded().runs).toHaveLength(1);
    const auto = createRecordedProcesses({ path, mode: "auto", processes: createOwned().processes });
    expect((await run(auto, shell("echo 2"))).printed.stdout).toBe("2\n");
    await run(auto, shell("echo 3"));
    expect(recorded().runs.map(({ call }: { call: { args: string[] } }) => call.args[1])).toEqual([
      "echo 2",
      "echo 3",
    ]);
  });

  it("is not recorded when its caller ended it, and ends when its caller has had enough", async () => {
    const controller = new AbortController();
    const program = shell("echo here; exec sleep 60", "work", { signal: controller.signal });
    await record().run({ ...program, onOutput: () => controller.abort() });
    expect(existsSync(path)).toBe(false);
    await run(record(), shell("printf 1; printf x > new.txt"));
    const end = await replay().run(
      shell("printf 1; printf x > new.txt", "again", { signal: controller.signal }),
    );
    expect([end.endedBy, existsSync("again/new.txt")]).toEqual(["signal", false]);
  });
});

describe("a run that was not recorded", () => {
  it.each<[Partial<Program>, string, string, string]>([
    [{ args: ["-c", "echo 1", "more"] }, "runs[0].args[2]", "nothing", '"more"'],
    [{ args: ["-c"] }, "runs[0].args[1]", '"echo 1"', "nothing"],
    [{ stdin: "x" }, "runs[0].stdin", "nothing", '"x"'],
    [{ harness: "other" }, "runs[0].harness", '"agent"', '"other"'],
    [{ command: "/bin/bash" }, "runs[0].command", '"sh"', '"bash"'],
    [{ env: { PATH: "/bin" } }, "runs[0].env[0]", '"HOUSE_KEY"', "nothing"],
  ])("with %j is refused at the first difference", async (rest, at, expected, got) => {
    await run(record(), shell("echo 1"));
    await expect(replay().run(shell("echo 1", "work", rest))).rejects.toMatchObject({
      code: "ATLAS_HARNESS_CASSETTE_MISMATCH",
      details: { path: join(process.cwd(), path), at, expected, got },
    });
  });

  it("is compared with the most similar one", async () => {
    const recording = record();
    await run(recording, shell("echo 1"));
    await run(recording, shell("echo 1", "work", { harness: "other", stdin: "y" }));
    await expect(
      replay().run(shell("echo 2", "work", { harness: "other", stdin: "y" })),
    ).rejects.toMatchObject({
      details: { at: "runs[1].args[1]" },
    });
  });

  it("is the same with other variables of those that every agent gets", async () => {
    await run(record(), shell("echo 1"));
    const { end } = await run(
      replay(),
      shell("echo 1", "work", { env: { HOUSE_KEY: "x", HOME: "/h", LC_ALL: "C" } }),
    );
    expect(end.exitCode).toBe(0);
  });

  it("has no cassette", async () => {
    await expect(replay().run(shell("echo 1"))).rejects.toMatchObject({
      code: "ATLAS_HARNESS_CASSETTE_MISSING",
    });
    await expect(replay().start(shell("echo 1"))).rejects.toThrow(TypeError);
  });
});

describe("a cassette", () => {
  const valid = {
    call: { harness: "agent", command: "sh", args: ["-c", "echo 1"], env: ["HOUSE_KEY"] },
    output: [{ stream: "stdout", at_ms: 1, text: "1\n" }],
    files: [{ path: "a.txt", text: "a" }],
    end: { exit_code: 0, ended_by: "itself", duration_ms: 1 },
  };

  it.each<[unknown, string]>([
    ["no", "the file"],
    [{ atlas_harness_cassette: 2, runs: [] }, "atlas_harness_cassette"],
    [{ atlas_harness_cassette: 1 }, "runs"],
    [{ ...valid, call: { ...valid.call, args: [1] } }, "runs[0].call.args"],
    [{ ...valid, call: { ...valid.call, harness: 1 } }, "runs[0].call.harness"],
    [{ ...valid, call: { ...valid.call, stdin: 1 } }, "runs[0].call.stdin"],
    [{ ...valid, output: [{ stream: "stdin", at_ms: 1, text: "" }] }, "runs[0].output[0]"],
    [{ ...valid, output: [{ stream: "stdout", at_ms: 1 }] }, "runs[0].output[0]"],
    [{ ...valid, files: [{ path: "../x", text: "" }] }, "runs[0].files[0]"],
    [{ ...valid, files: [{ path: "/x", text: "" }] }, "runs[0].files[0]"],
    [{ ...valid, files: [{ path: "a/.git/config", text: "" }] }, "runs[0].files[0]"],
    [{ ...valid, files: [{ path: "x" }] }, "runs[0].files[0]"],
    [{ ...valid, end: { ...valid.end, ended_by: "magic" } }, "runs[0].end.ended_by"],
    [{ ...valid, end: { ...valid.end, exit_code: "0" } }, "runs[0].end.exit_code"],
  ])("that holds %j is invalid", async (content, at) => {
    const isRun = typeof content === "object" && content !== null && "call" in content;
    const whole = isRun ? { atlas_harness_cassette: 1, runs: [content] } : content;
    writeFileSync(path, typeof whole === "string" ? whole : JSON.stringify(whole));
    await expect(replay().run(shell("echo 1"))).rejects.toMatchObject({
      code: "ATLAS_HARNESS_CASSETTE_INVALID",
      details: { at },
    });
  });

  it("writes through no link that leads out of the folder", async () => {
    const run = { ...valid, files: [{ path: "out/a.txt", text: "a" }] };
    writeFileSync(path, JSON.stringify({ atlas_harness_cassette: 1, runs: [run] }));
    symlinkSync("../again", "work/out");
    await expect(replay().run(shell("echo 1"))).rejects.toMatchObject({
      code: "ATLAS_HARNESS_CASSETTE_INVALID",
    });
    expect(existsSync("again/a.txt")).toBe(false);
  });

  it("that cannot be written costs the run, and says so", async () => {
    mkdirSync(join(path, "x"), { recursive: true });
    await expect(run(record(), shell("echo 1"))).rejects.toMatchObject({
      code: "ATLAS_HARNESS_CASSETTE_INVALID",
    });
  });

  it("is refused with wrong options", () => {
    expect(() => createRecordedProcesses({ path, mode: "record" })).toThrow(/needs "processes"/);
    expect(() => createRecordedProcesses({ path, mode: "play" as "replay" })).toThrow(
      /"mode" must be one of/,
    );
    expect(() =>
      createRecordedProcesses({ path, mode: "replay", pat: "" } as RecordedProcessesOptions),
    ).toThrow(/not an option/);
  });
});

it("replays a driver with its version and its prompt file, although its program is not installed", async () => {
  const { processes, stateDir } = createOwned();
  mkdirSync(join(stateDir, "bin"));
  writeFileSync(
    join(stateDir, "bin/my-cli-tool"),
    '#!/bin/sh\n[ "$1" = --version ] && { echo 1.2.3; exit; }\ncat "$1"\n',
    { mode: 0o755 },
  );
  const config: HarnessConfig = {
    command: "my-cli-tool",
    args_template: ["{prompt_file}"],
    version_args: ["--version"],
  };
  const work = async (recorded: OwnedProcesses, env: Readonly<Record<string, string>>) => {
    const driver = createProgramDriver("my-tool", createConfigProgram(config));
    const host = { processes: recorded, env, filesDir: join(stateDir, "files") };
    const found = await driver.available?.(host);
    const { summary } = await driver.run(
      createRun(join(process.cwd(), "work"), { goal: "Say hello." }).run,
      host,
    );
    return [found?.version, summary];
  };
  const recording = createRecordedProcesses({ path, mode: "record", processes });
  expect(await work(recording, { PATH: `${join(stateDir, "bin")}:/usr/bin:/bin` })).toEqual([
    "1.2.3",
    "Say hello.",
  ]);
  expect(await work(replay(), {})).toEqual(["1.2.3", "Say hello."]);
});
