import type { HarnessConfig } from "@atlas/routing";
import { templateParts } from "@atlas/routing/internal";
import { HarnessError } from "../contract/errors.ts";
import type { HarnessMode } from "../contract/runtime.ts";
import type { AgentProgram, Invocation, RunFiles } from "./agent-program.ts";
import { fillArguments } from "./arguments.ts";
import { createConfigReader } from "./config-reader.ts";

/** The longest goal that is passed as an argument: the system allows 128 KiB for each. */
const MOST_ARGUMENT_BYTES = 100 * 1_024;

/** Makes a program from an entry of `harnesses` in a routing file. */
export function createConfigProgram(config: HarnessConfig): AgentProgram {
  const { command, args_template: template = [], timeout_ms, idle_timeout_ms, version_args } = config;
  const modes = configModes(config);
  return {
    command,
    ...(version_args === undefined ? {} : { versionArgs: version_args }),
    ...(modes === undefined ? {} : { modes }),
    ...(timeout_ms === undefined ? {} : { timeoutMs: timeout_ms }),
    ...(idle_timeout_ms === undefined ? {} : { idleTimeoutMs: idle_timeout_ms }),
    maxOutputBytes: outputBytesOf(config),
    envNames: configEnvironment(config).names,
    invocation(run, files) {
      const { harness, goal, cwd, mode, profile, model, sessionId, contextPaths } = run;
      const whole = withModeArguments(template, argumentsOf(config, mode));
      const uses = (name: string): boolean => whole.some((argument) => usesPlaceholder(argument, name));
      if (uses("goal") && Buffer.byteLength(goal) > MOST_ARGUMENT_BYTES) throw tooLong(harness, goal);
      const promptFile = uses("prompt_file") ? files.promptFile : undefined;
      const args = fillArguments(
        whole,
        {
          goal,
          cwd,
          mode,
          profile,
          ...(model === undefined ? {} : { model }),
          ...(sessionId === undefined ? {} : { session_id: sessionId }),
          ...(contextPaths === undefined ? {} : { context_paths: contextPaths }),
          ...(promptFile === undefined ? {} : { prompt_file: promptFile }),
        },
        harness,
      );
      return invocationOf({ config, args, goal, promptFile });
    },
    reader: (run) => createConfigReader(config, run),
  };
}

function invocationOf(call: {
  readonly config: HarnessConfig;
  readonly args: readonly string[];
  readonly goal: string;
  readonly promptFile: RunFiles["promptFile"] | undefined;
}): Invocation {
  const { config, args, goal, promptFile } = call;
  const { own } = configEnvironment(config);
  return {
    args,
    ...(config.stdin === "goal" ? { stdin: goal } : {}),
    env: own,
    ...(promptFile === undefined ? {} : { files: { [promptFile]: goal } }),
  };
}

/** The modes that an entry names; nothing where it leaves them out. */
export function configModes({ modes }: HarnessConfig): readonly HarnessMode[] | undefined {
  if (modes === undefined || Array.isArray(modes)) return modes;
  return (["plan", "propose", "apply"] as const).filter((mode) => modes[mode] !== undefined);
}

function argumentsOf({ modes }: HarnessConfig, mode: HarnessMode): readonly string[] {
  if (modes === undefined || Array.isArray(modes)) return [];
  return modes[mode]?.args ?? [];
}

/** What comes after `--` is no option any more. */
function withModeArguments(template: readonly string[], further: readonly string[]): readonly string[] {
  const end = template.indexOf("--");
  const at = end < 0 ? template.length : end;
  return [...template.slice(0, at), ...further, ...template.slice(at)];
}

function usesPlaceholder(argument: string, name: string): boolean {
  return templateParts(argument).some((part) => part.type === "placeholder" && part.name === name);
}

/** The variables that an entry passes on by name, and those with values of its own. */
export function configEnvironment({ env = [] }: HarnessConfig): {
  readonly names: readonly string[];
  readonly own: Readonly<Record<string, string>>;
} {
  if (Array.isArray(env)) return { names: env, own: {} };
  const own: Record<string, string> = {};
  const names: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === true) names.push(name);
    else own[name] = value;
  }
  return { names, own };
}

const MEBIBYTE = 1_048_576;

/** The result of a program that prints JSON comes last, after all that it tells about its work. */
function outputBytesOf({ output_parsers = {}, success }: HarnessConfig): number {
  const types = Object.values(output_parsers).map(({ type }) => type);
  const isJson =
    types.includes("json_lines") || types.includes("json_field") || success?.json_field !== undefined;
  return isJson ? 16 * MEBIBYTE : MEBIBYTE;
}

function tooLong(harness: string, goal: string): HarnessError {
  const kibibytes = Math.ceil(Buffer.byteLength(goal) / 1_024);
  return new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness, input: "goal" },
    `The goal has ${kibibytes} KiB, but at most 100 KiB fit into an argument of "${harness}". In its configuration, replace {goal} by {prompt_file}, or set "stdin": "goal".`,
  );
}
