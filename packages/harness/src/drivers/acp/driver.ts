import { checkOptions } from "@atlas/routing/internal";
import type { HarnessDriver } from "../../contract/driver.ts";
import { isHarnessError } from "../../contract/errors.ts";
import type { HarnessMode } from "../../contract/runtime.ts";
import { agentEnvironment } from "../../processes/agent-environment.ts";
import { refuseStarters } from "../../programs/starts-from.ts";
import type { AgentWords } from "../conclude.ts";
import { promptOf } from "../prompt.ts";
import { converse } from "./conversation.ts";
import type { AcpPermission } from "./permission.ts";
import { loadAcpSdk } from "./sdk.ts";

/** How an agent that speaks the Agent Client Protocol is started. */
export interface AcpDriverOptions {
  /** The name of the program, or its absolute path. */
  readonly command: string;
  /** Its arguments, such as `["--acp"]`. */
  readonly args: readonly string[];
  /** Names of environment variables that are passed on from the host, such as the agent's key. Default: none. */
  readonly envNames?: readonly string[];
  /** Variables with fixed values. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * The agent's own modes, by the mode of a task: `{ plan: "plan", propose: "acceptEdits" }`. A mode that the agent does not offer fails
   * the task. They are a second line only: the client answers each question of the agent by the task's mode. Default: the agent's own.
   */
  readonly modes?: Readonly<Partial<Record<HarnessMode, string>>>;
  /**
   * What the agent may do when it asks, besides reading and editing the workspace, in `propose` and `apply`: run commands, fetch
   * addresses, anything else. A task's `onCommand` decides about commands alone. Default: nothing.
   */
  readonly allow?: readonly AcpPermission[];
  /** As in a program: it is not started where one of these exists in the repository. Default: none. */
  readonly startsFrom?: readonly string[];
  /** Time for one run, in milliseconds. Default: 180,000. */
  readonly timeoutMs?: number;
  /** What to run or to set where the agent is not logged in, as a sentence. */
  readonly login?: string;
}

const OPTION_NAMES = [
  ...["command", "args", "envNames", "env", "modes", "allow", "startsFrom", "timeoutMs", "login"],
] as const satisfies readonly (keyof AcpDriverOptions)[];

const GOAL_LIMIT = { size: 10_000_000, unit: "bytes" } as const;
const TIMEOUT_MS = 180_000;
const GRACE_MS = 2_000;
/** More than an error quotes of it. */
const KEPT_STDERR = 4_000;

/**
 * Makes a driver for an agent that speaks the Agent Client Protocol over its standard streams, by the package
 * `@agentclientprotocol/sdk`. The agent edits the workspace only, and gets no terminal.
 *
 * @example
 * ```ts
 * const driver = createAcpDriver({
 *   command: "gemini",
 *   args: ["--acp"],
 *   envNames: ["GEMINI_API_KEY"],
 *   modes: { plan: "plan", propose: "autoEdit", apply: "autoEdit" },
 * });
 * assert.equal(driver.timeoutMs, 180_000);
 * ```
 */
export function createAcpDriver(options: AcpDriverOptions): HarnessDriver {
  checkOptions("createAcpDriver", options, OPTION_NAMES);
  const { command, args, envNames = [], allow = [], timeoutMs = TIMEOUT_MS } = options;
  // Refuses a wrong name before any task comes.
  agentEnvironment({ env: {}, names: envNames, own: options.env ?? {} });
  const words: AgentWords = {
    login:
      options.login ?? `Run \`${command}\` once and log in, or name the variable of its key in \`envNames\`.`,
    denial:
      "An agent may read and edit files of the workspace when it asks; `onCommand` of the task or `allow` of the driver lets it run commands. Mode `plan` allows nothing.",
  };

  return {
    timeoutMs,
    async available({ processes, env }) {
      try {
        const path = await processes.find(command, { harness: command, env });
        await loadAcpSdk(command);
        return { installed: true, path };
      } catch (error) {
        if (!isHarnessError(error)) throw error;
        return { installed: false, reason: error.message };
      }
    },
    async run(run, { processes, env }) {
      run.signal.throwIfAborted();
      const prompt = promptOf(run, GOAL_LIMIT);
      await refuseStarters(run.harness, run.cwd, options.startsFrom);
      const sdk = await loadAcpSdk(run.harness);
      const path = await processes.find(command, { harness: run.harness, env, notBelow: [run.cwd] });
      const stderr: string[] = [];
      const program = await processes.start({
        runId: run.runId,
        harness: run.harness,
        command: path,
        args,
        cwd: run.cwd,
        env: {
          ...agentEnvironment({ env, names: envNames, own: { ...options.env, ...run.env } }),
          ...run.workspaceEnv,
        },
        timeoutMs,
        graceMs: GRACE_MS,
        onOutput: (_, bytes) => {
          stderr.push(Buffer.from(bytes).toString("utf8"));
          while (stderr.join("").length > KEPT_STDERR && stderr.length > 1) stderr.shift();
        },
      });
      const agentMode = options.modes?.[run.mode];
      return converse({ sdk, run, program, prompt, stderr, words, allow, agentMode, timeoutMs });
    },
  };
}
