// Installs the real programs and runs them against the fake model server on loopback: `npm run test:agents`. Names of agents limit
// it to these, and `--case=acp` the cases; `--record` writes what they print to `test/drivers/recorded`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createFakeModelServer, type FakeModelServer, type FakeReply } from "@atlas/testing";
import { createAcpDriver } from "../../src/drivers/acp/index.ts";
import { builtInPrograms } from "../../src/drivers/built-in.ts";
import {
  type HarnessMode,
  type HarnessRun,
  isHarnessError,
  type UnnamedHarnessEvent,
} from "../../src/index.ts";
import { createOwnedProcesses } from "../../src/processes/create-owned-processes.ts";
import { type AgentEnding, runAgentProgram } from "../support/run-agent-program.ts";
import { KEY, type TestedAgent, testedAgents } from "./agents.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { installAgents } from "./install.ts";
import { recordingOf } from "./recording.ts";

const options = process.argv.slice(2);
const isRecording = options.includes("--record");
const onlyCase = options.find((option) => option.startsWith("--case="))?.slice("--case=".length);
const wanted = options.filter((option) => !option.startsWith("-"));
const unknown = wanted.find((name) => !testedAgents.some((agent) => agent.name === name));
if (unknown !== undefined) {
  throw new Error(`"${unknown}" is not tested. Known: ${testedAgents.map(({ name }) => name).join(", ")}.`);
}
const agents = testedAgents.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const folder = installAgents(agents);
const recorded = join(import.meta.dirname, "../drivers/recorded");

/** One run of an agent in folders of its own. */
interface Setting {
  readonly agent: TestedAgent;
  readonly cwd: string;
  readonly home: string;
  readonly server: FakeModelServer;
  reply(...replies: readonly FakeReply[]): void;
  run(options?: RunOptions): Promise<AgentEnding>;
  runAcp(options?: Partial<HarnessRun>): Promise<{ readonly summary: string; readonly events: string }>;
}

type RunOptions = Partial<HarnessRun> & {
  readonly timeoutMs?: number;
  /** Changes the variables that point the agent at its model. */
  readonly through?: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
};

const text = "Hello.\n";
const last = "All is done.";

/** What is tried with each agent. A case that is recorded has the name of its file. */
const cases: Readonly<Record<string, (setting: Setting) => Promise<AgentEnding | undefined>>> = {
  propose: (setting) => edits(setting, "propose"),
  apply: (setting) => edits(setting, "apply"),
  async plan({ agent, cwd, reply, run }) {
    reply({ text: "I will write.", toolCalls: [agent.write(join(cwd, "hello.txt"), text)] }, last);
    const ending = await run({ mode: "plan" });
    assert.deepEqual(ending.result?.outputs.at(0), { type: "plan", text: last }, String(ending.error));
    assert.deepEqual(filesOf(cwd), []);
    return ending;
  },
  async denied({ agent, home, cwd, reply, run }) {
    const outside = join(home, "outside.txt");
    reply({ text: "I will write.", toolCalls: [agent.write(outside, text)] }, last);
    const ending = await run();
    assertFailed(ending, "ATLAS_HARNESS_DENIED");
    assert.ok(!existsSync(outside));
    assert.deepEqual(filesOf(cwd), []);
    return ending;
  },
  "status-401": (setting) => status(setting, 401, "ATLAS_HARNESS_MISCONFIGURED"),
  "status-429": (setting) => status(setting, 429, "ATLAS_HARNESS_RATE_LIMITED"),
  "status-500": (setting) => status(setting, 500, "ATLAS_HARNESS_FAILED"),
  async empty({ reply, run }) {
    reply("");
    const ending = await run();
    assertFailed(ending, "ATLAS_HARNESS_FAILED");
    return ending;
  },
  async cut({ agent, reply, run }) {
    // Gemini and Copilot do not say that their model was cut off.
    if (agent.name === "gemini-cli" || agent.name === "copilot-cli") return undefined;
    reply({ text: "Half of", finish: "length" });
    const ending = await run();
    assertFailed(ending, "ATLAS_HARNESS_CUT_OFF");
    return ending;
  },
  async killed({ agent, cwd, server, reply, run }) {
    const caller = new AbortController();
    const started = join(cwd, "started");
    // Where commands are not allowed, its model never ends.
    const command = `touch ${started}; sleep 301`;
    const toolCalls = agent.runsCommands.apply ? [agent.shell(command)] : [];
    if (toolCalls.length === 0) reply({ fault: "hang" });
    else reply({ text: "I will wait.", toolCalls }, { fault: "hang" });
    const look = setInterval(() => {
      if (existsSync(started) || (toolCalls.length === 0 && server.requests.length > 0)) caller.abort();
    }, 50);
    const ending = await run({ mode: "apply", signal: caller.signal });
    clearInterval(look);
    assert.equal(ending.end.endedBy, "signal");
    return undefined;
  },
  async resumed({ reply, run }) {
    reply("The first.");
    const first = await run();
    const sessionId = first.result?.sessionId;
    assert.ok(sessionId, String(first.error));
    reply("The second.");
    const second = await run({ sessionId });
    assert.equal(second.result?.summary, "The second.", String(second.error));
    return undefined;
  },
  async acp({ agent, cwd, reply, runAcp }) {
    if (agent.acp === undefined) return undefined;
    const file = join(cwd, "hello.txt");
    reply({ text: "I will write.", toolCalls: [agent.write(file, text)] }, last);
    const { summary } = await runAcp();
    assert.ok(summary.endsWith(last), summary);
    assert.equal(readFileSync(file, "utf8"), text);
    return undefined;
  },
  // A gateway stands between the agent and its model.
  async gateway({ agent, cwd, server, reply, run }) {
    if (agent.overGateway === undefined) return undefined;
    await using gateway = await startGatewayProcess(server.urls.openai, [agent.overGateway]);
    reply(
      { text: "I will look.", toolCalls: [agent.shell("echo shell > shell.txt; cat shell.txt")] },
      { text: "", toolCalls: [agent.write(join(cwd, "hello.txt"), text)] },
      last,
    );
    const through = (env: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
      Object.fromEntries(
        Object.entries(env).map(([name, value]) => [
          name,
          value.replaceAll(server.urls.openai, gateway.url).replaceAll(KEY, gateway.token),
        ]),
      );
    const ending = await run({ mode: "apply", through });
    assert.equal(ending.result?.summary, last, String(ending.error));
    assert.equal(readFileSync(join(cwd, "hello.txt"), "utf8"), text);
    assert.ok(existsSync(join(cwd, "shell.txt")));
    assert.ok(server.requests.length >= 3);
    for (const { headers } of server.requests)
      assert.equal(headers.authorization, "Bearer no-key-of-the-house");
    return undefined;
  },
  async "acp-denied"({ agent, home, reply, runAcp }) {
    if (agent.acp === undefined) return undefined;
    const outside = join(home, "outside.txt");
    reply({ text: "I will write.", toolCalls: [agent.write(outside, text)] }, last);
    const error: unknown = await runAcp().then(
      () => undefined,
      (error: unknown) => error,
    );
    // An agent that refuses it without asking has answered.
    if (error !== undefined && !isHarnessError(error, "ATLAS_HARNESS_DENIED")) throw error;
    assert.ok(!existsSync(outside), "it wrote outside of the workspace");
    return undefined;
  },
};

async function edits({ agent, cwd, reply, run }: Setting, mode: "propose" | "apply"): Promise<AgentEnding> {
  reply(
    { text: "I will write.", toolCalls: [agent.shell("echo shell > shell.txt; cat shell.txt")] },
    { text: "", toolCalls: [agent.write(join(cwd, "hello.txt"), text)] },
    last,
  );
  const ending = await run({ mode });
  assert.equal(ending.result?.summary, last, String(ending.error));
  assert.ok(ending.result.sessionId);
  assert.equal(readFileSync(join(cwd, "hello.txt"), "utf8"), text);
  assert.equal(existsSync(join(cwd, "shell.txt")), agent.runsCommands[mode]);
  return ending;
}

async function status(
  { agent, reply, run }: Setting,
  code: number,
  expected: string,
): Promise<AgentEnding | undefined> {
  if (agent.retries.includes(code)) return undefined;
  reply({ status: code });
  const ending = await run();
  assertFailed(ending, expected);
  return ending;
}

let failures = 0;
for (const agent of agents) {
  for (const [name, attempt] of Object.entries(cases)) {
    if (onlyCase !== undefined && !name.startsWith(onlyCase)) continue;
    const startedAt = performance.now();
    const outcome = await tryCase(agent, name, attempt);
    if (outcome !== "passed" && outcome !== "not run") failures += 1;
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`${agent.name.padEnd(12)} ${name.padEnd(12)} ${seconds.padStart(6)} s  ${outcome}`);
  }
}
process.exitCode = failures === 0 ? 0 : 1;

async function tryCase(
  agent: TestedAgent,
  name: string,
  attempt: (setting: Setting) => Promise<AgentEnding | undefined>,
): Promise<string> {
  const own = mkdtempSync(join(tmpdir(), "agent-"));
  const [cwd, home, stateDir] = ["workspace", "home", "state"].map((part) => join(own, part)) as [
    string,
    string,
    string,
  ];
  for (const path of [cwd, home, stateDir]) mkdirSync(path);
  for (const [path, content] of Object.entries(agent.home ?? {})) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), content);
  }
  execFileSync("git", ["init", "--quiet"], { cwd });
  await using server = await createFakeModelServer();
  const processes = createOwnedProcesses({ stateDir });
  const runIds: string[] = [];
  let isRun = false;

  const makeRun = (options: Partial<HarnessRun>, events: UnnamedHarnessEvent[]): HarnessRun => {
    isRun = true;
    const runId = randomUUID();
    runIds.push(runId);
    return {
      runId,
      harness: agent.name,
      cwd,
      goal: "Write hello.txt.",
      mode: "propose" satisfies HarnessMode,
      profile: "default",
      signal: new AbortController().signal,
      onEvent: (event) => void events.push(event),
      ...(agent.model === undefined ? {} : { model: agent.model }),
      ...options,
    };
  };
  const bin = join(folder, agent.name, "node_modules/.bin");
  const env = {
    PATH: [bin, dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
    HOME: home,
    ...agent.env({ urls: server.urls, cwd }),
  };
  const setting: Setting = {
    agent,
    cwd,
    home,
    server,
    reply(...replies) {
      const left = [...replies];
      server.reply(({ body }) => {
        // Some ask for a title of the session beside the work, without tools.
        if (!hasTools(body)) return "A title";
        return (left.length > 1 ? left.shift() : left[0]) ?? last;
      });
    },
    run({ timeoutMs = 45_000, through = (same: Readonly<Record<string, string>>) => same, ...options } = {}) {
      const program = builtInPrograms[agent.name]();
      const path = join(bin, agent.binary);
      const run = makeRun(options, []);
      return runAgentProgram({ program, run, processes, path, env: through(env), stateDir, timeoutMs });
    },
    async runAcp(options = {}) {
      const program = builtInPrograms[agent.name]();
      const events: UnnamedHarnessEvent[] = [];
      const { model: _, ...rest } = makeRun(options, events);
      const run: HarnessRun = agent.acpModel === undefined ? rest : { ...rest, model: agent.acpModel };
      const invocation = program.invocation(run, { promptFile: "", stateDir }, env);
      const driver = createAcpDriver({
        command: join(bin, agent.binary),
        args: agent.acp ?? [],
        envNames: Object.keys(agent.env({ urls: server.urls, cwd })),
        env: invocation.env ?? {},
        timeoutMs: 90_000,
      });
      const { summary } = await driver.run(run, { processes, env });
      return { summary, events: JSON.stringify(events) };
    },
  };
  try {
    const ending = await attempt(setting);
    await processes.stop();
    assert.deepEqual(runIds.flatMap(tagged), [], "processes are left");
    if (isRecording && ending !== undefined) {
      mkdirSync(recorded, { recursive: true });
      const recording = recordingOf(ending, { agent, name, cwd, home, urls: server.urls });
      writeFileSync(join(recorded, `${agent.name}.${name}.jsonl`), recording);
    }
    return isRun ? "passed" : "not run";
  } catch (error) {
    return `FAILED: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    await processes.stop();
    rmSync(own, { recursive: true, force: true, maxRetries: 3 });
  }
}

function assertFailed({ error, result }: AgentEnding, code: string): void {
  assert.ok(error instanceof Error && "code" in error, `It did not fail: ${JSON.stringify(result)}`);
  assert.equal(error.code, code, error.message);
}

function filesOf(cwd: string): readonly string[] {
  return readdirSync(cwd).filter((name) => name !== ".git");
}

function hasTools(body: unknown): boolean {
  const tools: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "tools") : undefined;
  return Array.isArray(tools) && tools.length > 0;
}

function tagged(runId: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/environ`, "utf8").includes(`ATLAS_HARNESS_RUN=${runId}`)
      );
    } catch {
      return false;
    }
  });
}
