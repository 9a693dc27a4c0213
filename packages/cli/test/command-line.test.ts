import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { atlas, startAtlas } from "./support/atlas.ts";
import { emptyFolder, project } from "./support/project.ts";

it.each([[[]], [["--help"]], [["-h"]]])("shows all commands for `atlas %s`", async (args) => {
  const { code, stdout, stderr } = await atlas(args);
  expect(stdout).toMatch(/USAGE atlas[\s\S]+explain-route {2}/);
  // Nothing for a terminal where there is none.
  expect(stdout).not.toContain("\x1b");
  expect([code, stderr]).toEqual([0, ""]);
});

it("shows the help of a command, and runs nothing", async () => {
  const cwd = emptyFolder();
  const { code, stdout } = await atlas(["init", "--help", "--yes"], { cwd });
  expect(stdout).toMatch(/USAGE atlas init[\s\S]+--name=<name>/);
  expect([code, readdirSync(cwd)]).toEqual([0, []]);
});

it("shows the commands of a group", async () => {
  const { stdout } = await atlas(["jobs", "--help"]);
  expect(stdout).toMatch(/USAGE atlas jobs ls\|show\|watch/);
});

it("prints its version, also as JSON", async () => {
  expect((await atlas(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(JSON.parse((await atlas(["--version", "--json"])).stdout)).toEqual({ version: expect.any(String) });
});

it.each([
  [["jbos", "ls"], 'atlas: "jbos" is not a command. Did you mean "jobs"? Run `atlas --help`'],
  [["jobs", "list"], 'atlas: "list" is not a command. Did you mean "ls"? Run `atlas jobs --help`'],
  [["jobs"], "atlas: `atlas jobs` needs a command."],
  [["constructor"], 'atlas: "constructor" is not a command.'],
  [["jobs", "__proto__"], 'atlas: "__proto__" is not a command.'],
  [["--colour"], 'atlas: `atlas` has no option "--colour".'],
  [["jobs", "ls", "--limt=3"], 'atlas: `atlas jobs ls` has no option "--limt". Did you mean "--limit"?'],
  [["jobs", "ls", "--limit"], 'atlas: "--limit" needs a value, as in `--limit=<number>`.'],
  [["jobs", "ls", "--limit", "--json"], '"--limit\\" needs a value'],
  [["jobs", "ls", "--limit="], 'atlas: "--limit" needs a value'],
  [["jobs", "ls", "--no-limit"], 'atlas: "--no-limit" needs a value'],
  [["jobs", "ls", "--limit=3", "--limit=4"], 'atlas: "--limit" is given twice.'],
  [["jobs", "ls", "--oldest=yes"], 'atlas: "--oldest" takes no value.'],
  [["jobs", "ls", "--limit=0"], 'atlas: --limit must be a whole number from 1 to 1000; got "0".'],
  [["jobs", "ls", "--limit=1e2"], 'atlas: --limit must be a whole number from 1 to 1000; got "1e2".'],
  [["jobs", "ls", "--status=done"], "atlas: --status must be one of queued, running,"],
  [["jobs", "ls", "extra"], 'atlas: `atlas jobs ls` does not take "extra".'],
  [["jobs", "show"], "atlas: `atlas jobs show` needs <id>: Id of the job."],
  [["jobs", "show", "--token=x", "1"], 'atlas: `atlas jobs show` has no option "--token".'],
  [["restore", "a"], "atlas: `atlas restore` needs <path>"],
  [["prune"], "atlas: `atlas prune` needs `--before`"],
  [["prune", "--before=yesterday"], "atlas: --before must be a time such as"],
  [["prune", "--before=2026-11-01T08:00"], "atlas: --before must be a time such as"],
  [["prune", "--before=1d", "--only=job"], "atlas: --only must be one of domain_events, jobs,"],
  [["calls", "--job=1", "--limit=3"], "atlas: --job lists all calls of the job"],
  [["asof", "1", "--job=a", "--to=b"], "atlas: Give one of --job, --entity and --to."],
  [["jobs", "create", "x", "--input=[]"], "atlas: --input must be a JSON object"],
  [["jobs", "create", "x", "--input={"], "atlas: --input is not valid JSON."],
  [["jobs", "create", "x", "--input={}", "--input-file=-"], "atlas: Give --input or --input-file, not both."],
  [["start", "--port=65536"], "atlas: --port must be a whole number from 0 to 65535"],
  [["jobs", "ls", "--url=ftp://x"], "atlas: --url must be an address such as"],
  [["jobs", "ls", "--url=http://me:secret@x"], "atlas: --url must not hold a user or password."],
])("refuses `atlas %s` with exit code 2, and says what is right", async (args, message) => {
  const { code, stdout, stderr } = await atlas(args);
  expect(stderr).toContain(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).not.toContain("secret");
  expect([code, stdout]).toEqual([2, ""]);
});

it("gives errors as JSON on standard error with --json", async () => {
  const { code, stdout, stderr } = await atlas(["jobs", "lss", "--json"]);
  expect(JSON.parse(stderr)).toEqual({
    error: { message: expect.stringContaining('"ls"'), code: "ATLAS_CLI_USAGE", exit_code: 2 },
  });
  expect([code, stdout]).toEqual([2, ""]);
});

it("prints a stack only with --debug or ATLAS_DEBUG", async () => {
  const stack = /\n {4}at /;
  expect((await atlas(["jobs", "lss"])).stderr).not.toMatch(stack);
  expect((await atlas(["jobs", "lss", "--debug"])).stderr).toMatch(stack);
  expect((await atlas(["jobs", "lss"], { env: { ATLAS_DEBUG: "1" } })).stderr).toMatch(stack);
});

it("keeps control characters of the command line from the terminal", async () => {
  const { stderr } = await atlas(["\u001b[31mred"]);
  expect(stderr).toContain(String.raw`"\x1b[31mred" is not a command.`);
});

it("takes what follows -- as it is", async () => {
  const { stderr, code } = await atlas(["jobs", "show", "--", "--json"], { cwd: project() });
  expect(stderr).toContain("There is no database");
  expect(code).toBe(3);
});

it("ends quietly when nobody reads on", async () => {
  const running = startAtlas(["doctor"], { cwd: project() });
  running.child.stdout.destroy();
  const { code, stderr } = await running.ended;
  expect([code, stderr]).toEqual([0, ""]);
});
