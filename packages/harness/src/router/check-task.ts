import { checkOptions, didYouMean } from "@atlas/routing/internal";
import type { HarnessTask } from "../contract/runtime.ts";

const known: Readonly<Record<keyof HarnessTask, true>> = {
  goal: true,
  cwd: true,
  mode: true,
  profile: true,
  harness: true,
  contextPaths: true,
  model: true,
  env: true,
  sessionId: true,
  inPlace: true,
  whenBusy: true,
  deadlineMs: true,
  signal: true,
  context: true,
  onEvent: true,
  onRoute: true,
  onCommand: true,
};

/** Throws a `TypeError` that says what is wrong with a task and what to write. */
export function checkTask(task: HarnessTask, harnesses: readonly string[]): void {
  checkOptions("runTask", task, Object.keys(known));
  const { mode, harness, profile, contextPaths, env, sessionId, inPlace, whenBusy, deadlineMs } = task;
  checkText("goal", task.goal);
  if (task.goal.trim() === "") throw wrong("`goal` is empty. Say what the agent is to do.");
  checkText("cwd", task.cwd);
  if (task.cwd === "") throw wrong('`cwd` is empty. Name the folder to work in, such as ".".');
  checkChoice("mode", mode, ["plan", "propose", "apply"]);
  checkChoice("whenBusy", whenBusy, ["wait", "refuse"]);
  checkText("profile", profile);
  checkValue("model", task.model);
  checkValue("sessionId", sessionId);
  checkText("harness", harness);
  if (harness !== undefined && profile !== undefined) {
    throw wrong("`harness` and `profile` exclude each other. Set only one of them.");
  }
  if (harness !== undefined && !harnesses.includes(harness)) {
    throw wrong(
      `there is no harness "${harness}".${didYouMean(harness, harnesses)} Known: ${harnesses.join(", ")}.`,
    );
  }
  if (sessionId !== undefined && harness === undefined) {
    throw wrong(
      "`sessionId` needs `harness`, because only the agent that made a session can go on with it. Pass the `harness` of the same result.",
    );
  }
  if (inPlace !== undefined && typeof inPlace !== "boolean") throw wrong("`inPlace` must be true or false.");
  if (inPlace === true && mode !== "apply") {
    throw wrong(
      '`inPlace` needs `mode: "apply"`, because the other modes leave the files of the caller alone.',
    );
  }
  if (deadlineMs !== undefined && !(typeof deadlineMs === "number" && deadlineMs > 0)) {
    throw wrong(`\`deadlineMs\` must be a number over 0, but is ${String(deadlineMs)}.`);
  }
  if (task.signal !== undefined && !(task.signal instanceof AbortSignal))
    throw wrong("`signal` must be an AbortSignal.");
  checkPaths(contextPaths);
  checkEnvironment(env);
}

function checkText(name: string, value: unknown): void {
  if (value === undefined && name !== "goal" && name !== "cwd") return;
  if (typeof value !== "string") {
    throw wrong(`\`${name}\` must be a text, but is ${value === null ? "null" : typeof value}.`);
  }
  if (value.includes("\0")) {
    throw wrong(`\`${name}\` holds a NUL character, which cannot be passed to a program. Remove it.`);
  }
}

/** A value that programs get beside an option. One with a `-` at its beginning could be taken for another option. */
function checkValue(name: string, value: unknown): void {
  checkText(name, value);
  if (value === "") throw wrong(`\`${name}\` is empty. Leave it out for the default.`);
  if (typeof value === "string" && value.startsWith("-")) {
    throw wrong(`\`${name}\` begins with "-", so an agent would take it for an option: "${value}".`);
  }
}

function checkChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || choices.includes(String(value))) return;
  const hint = typeof value === "string" ? didYouMean(value, choices) : "";
  throw wrong(`\`${name}\` must be one of ${choices.join(", ")}, but is ${JSON.stringify(value)}.${hint}`);
}

function checkPaths(paths: unknown): void {
  if (paths === undefined) return;
  if (!Array.isArray(paths)) throw wrong("`contextPaths` must be a list of paths.");
  for (const [index, path] of paths.entries()) {
    checkText(`contextPaths[${index}]`, path ?? null);
    const isInside = /^(?![/\\-]|[A-Za-z]:)./s.test(path) && !path.split(/[/\\]/).includes("..");
    if (!isInside) {
      throw wrong(
        `\`contextPaths[${index}]\` must be a path below \`cwd\`, relative to it and without "..", but is ${JSON.stringify(path)}.`,
      );
    }
  }
}

function checkEnvironment(env: unknown): void {
  if (env === undefined) return;
  if (typeof env !== "object" || env === null || Array.isArray(env)) {
    throw wrong("`env` must be an object with a text for each name.");
  }
  for (const [name, value] of Object.entries(env)) checkText(`env.${name}`, value ?? null);
}

function wrong(text: string): TypeError {
  return new TypeError(`runTask: ${text}`);
}
