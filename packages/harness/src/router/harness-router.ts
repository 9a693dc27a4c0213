import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { createRouter, defaultPolicy, type Route, systemClock } from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import type { HarnessDriver, HarnessHost } from "../contract/driver.ts";
import { isHarnessError } from "../contract/errors.ts";
import type { HarnessEvent } from "../contract/event.ts";
import type { HarnessResult, HarnessTask } from "../contract/runtime.ts";
import { createOwnedProcesses } from "../processes/create-owned-processes.ts";
import { reapLeftOvers } from "../processes/reap-left-overs.ts";
import { createRoots } from "../processes/roots.ts";
import type { WorkspaceChanges } from "../workspaces/workspace.ts";
import { createWorkspaces } from "../workspaces/workspaces.ts";
import { attempt } from "./attempt.ts";
import { createAvailabilities } from "./availability.ts";
import { agentPolicyOf, candidatesOf, driversOf, profilesOf } from "./candidates.ts";
import { checkTask } from "./check-task.ts";
import { errorOfRoute, triedInWords, withDiff, withRoute } from "./error-of-route.ts";
import { failureOf } from "./failure-of.ts";
import { removeLeftFiles } from "./left-files.ts";
import { NOOP } from "./noop.ts";
import { resultOf } from "./result-of.ts";
import { type HarnessRouter, type HarnessRouterOptions, OPTIONS } from "./router-options.ts";
import { createTaskSignals } from "./task-signals.ts";
import { createTaskWorkspace } from "./task-workspace.ts";

/**
 * Creates a runtime that gives a task to the agents of a profile, in order, until one has done it. It prepares one workspace for a task,
 * computes what has changed, and applies it where the task says so. The next agent is asked only while nothing has changed; otherwise
 * the task fails, and `details.diff` of the error holds the work. Call `stop` in the end.
 *
 * @example
 * ```ts
 * import { mkdirSync } from "node:fs";
 *
 * mkdirSync("app");
 * const harness = createHarnessRouter({
 *   stateDir: "state",
 *   config: { profiles: { quality: ["my-tool", "noop"] } },
 *   harnesses: { "my-tool": { command: "my-cli-tool", args_template: ["--task", "{goal}"] } },
 *   env: { PATH: process.env["PATH"] },
 * });
 * const { summary, degraded, route } = await harness.runTask({ goal: "Add error handling", cwd: "app" });
 * assert.match(summary, /^Nothing was done/);
 * assert.equal(degraded, true); // my-cli-tool is not installed here, so noop stood in
 * assert.equal(route?.skipped[0]?.candidate, "my-tool");
 * await harness.stop();
 * ```
 */
export function createHarnessRouter(options: HarnessRouterOptions): HarnessRouter {
  checkOptions("createHarnessRouter", options, Object.keys(OPTIONS));
  checkOptions("createHarnessRouter's policy", options.policy ?? {}, Object.keys(defaultPolicy));
  const { config, harnesses = {}, drivers: own = {}, env = {}, clock = systemClock } = options;
  const stateDir = resolve(options.stateDir);
  const { random, newId = randomUUID, around } = options;
  const log = options.log === undefined ? undefined : guardLogger(options.log);
  const logged = log === undefined ? {} : { log };
  const roots = createRoots(options.roots ?? [process.cwd()]);
  const processes =
    options.processes ?? createOwnedProcesses({ stateDir, clock, graceMs: options.graceMs, ...logged });
  const workspaces =
    options.workspaces ??
    createWorkspaces({
      stateDir,
      clock,
      checkFolder: roots.check,
      ...(options.env === undefined ? {} : { env }),
      ...logged,
    });
  const filesDir = join(stateDir, "files");
  const host: HarnessHost = { processes, env, filesDir };
  const drivers = driversOf({ harnesses, drivers: own });
  const availabilities = createAvailabilities(drivers, host, clock);
  const policy = agentPolicyOf(config, options.policy);
  const router = createRouter<HarnessDriver>({
    config: profilesOf(config, [...Object.keys(own), ...Object.keys(harnesses)]),
    candidates: candidatesOf(drivers, availabilities),
    classify: (error, id) => {
      if (isHarnessError(error, "ATLAS_HARNESS_UNAVAILABLE")) availabilities.forget(id);
      return failureOf(error);
    },
    policy,
    clock,
    ...logged,
    ...(random === undefined ? {} : { random }),
    ...(around === undefined ? {} : { around }),
  });
  const tasks = createTaskSignals();
  let started: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  return {
    runTask: (task) => tasks.run(task, runTask),
    async available() {
      const ids = [...drivers.keys()];
      const answers = await availabilities.look(ids);
      return Object.fromEntries(ids.map((id, index) => [id, answers[index] ?? { installed: false }]));
    },
    explainRoute: (profile) => router.explainRoute(profileOf(profile)),
    start() {
      started ??= start();
      return started;
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };

  async function start(): Promise<void> {
    if (options.processes === undefined) await reapLeftOvers({ stateDir, ...logged });
    // Only now: an agent that still ran would write into the folder while it is removed.
    await workspaces.removeLeftOvers();
    await removeLeftFiles(filesDir);
  }

  async function stop(): Promise<void> {
    await tasks.stop();
    await processes.stop();
  }

  async function runTask(task: HarnessTask, signal: AbortSignal): Promise<HarnessResult> {
    checkTask(task, [...drivers.keys()]);
    signal.throwIfAborted();
    const startedAt = clock.monotonic();
    const { mode = "propose", harness: only, context, inPlace = false, whenBusy = "wait" } = task;
    const profile = profileOf(task.profile);
    const plan = router.explainRoute(profile);
    const cwd = await roots.check(resolve(task.cwd));
    await availabilities.look(
      only === undefined ? plan.candidates.map(({ candidate }) => candidate) : [only],
    );
    const workspace = createTaskWorkspace(workspaces, { runId: newId(), cwd, mode, inPlace, whenBusy });
    try {
      return await routed();
    } finally {
      await workspace.close();
    }

    async function routed(): Promise<HarnessResult> {
      const shared = { task, signal, mode, profile: plan.profile, workspace, host, clock, newId, tell };
      const outcome = await router.route(
        {
          profile,
          only,
          signal,
          model: task.model,
          context,
          deadlineAt: startedAt + Math.min(task.deadlineMs ?? Number.POSITIVE_INFINITY, policy.deadlineMs),
        },
        (driver, attemptContext) => attempt(driver, attemptContext, shared),
      );
      const { route } = outcome;
      tellRoute(task, route);
      if (outcome.status === "failed") {
        const { error } = outcome;
        const isFinal = isHarnessError(error) && "diff" in error.details;
        throw errorOfRoute(outcome, { only, isFinal });
      }
      const { candidate: harness, answer } = outcome;
      const changes = mode === "plan" ? undefined : await finished(harness, route);
      const degraded = harness === NOOP && route.attempts.length + route.skipped.length > 1;
      if (degraded) {
        const fields = { route, ...(context === undefined ? {} : { context }) };
        log?.warn(fields, `"noop" stood in for an agent. ${triedInWords(route)}`);
      }
      const durationMs = Math.round(clock.monotonic() - startedAt);
      return resultOf({ mode, harness, answer, changes, durationMs, route, degraded });
    }

    /** Collects what the agent has changed, and applies it if the task says so. */
    async function finished(harness: string, route: Route): Promise<WorkspaceChanges> {
      let diff = "";
      try {
        tell({ type: "state", harness, state: "collecting" });
        const changes = await workspace.changes();
        diff = changes.diff;
        signal.throwIfAborted();
        if (mode === "apply") {
          tell({ type: "state", harness, state: "applying" });
          await workspace.mergeBack();
        }
        return changes;
      } catch (error) {
        if (!isHarnessError(error)) throw error;
        throw withRoute(
          isHarnessError(error, "ATLAS_HARNESS_CONFLICT") ? withDiff(error, diff) : error,
          route,
        );
      }
    }

    function tell(event: HarnessEvent): void {
      try {
        task.onEvent?.(event);
      } catch {
        // The listener is the caller's; nobody else can be told.
      }
    }
  }

  /** Without a configuration, every profile has the same agents. */
  function profileOf(profile: string | undefined): string | undefined {
    return config === undefined ? undefined : profile;
  }
}

function tellRoute({ onRoute }: HarnessTask, route: Route): void {
  try {
    onRoute?.(route);
  } catch {
    // A listener that throws must not cost a result.
  }
}
