import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import {
  type AroundAttempt,
  type Clock,
  createRouter,
  defaultPolicy,
  type HarnessConfig,
  type HarnessRoutingConfig,
  type Logger,
  type Route,
  type RoutePlan,
  type RoutingPolicy,
  systemClock,
} from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import type { HarnessAvailability, HarnessDriver, HarnessHost } from "../contract/driver.ts";
import { isHarnessError } from "../contract/errors.ts";
import type { HarnessEvent } from "../contract/event.ts";
import type { HarnessResult, HarnessRuntime, HarnessTask } from "../contract/runtime.ts";
import { createOwnedProcesses } from "../processes/create-owned-processes.ts";
import type { OwnedProcesses } from "../processes/owned-processes.ts";
import { reapLeftOvers } from "../processes/reap-left-overs.ts";
import { createRoots } from "../processes/roots.ts";
import type { WorkspaceChanges, Workspaces } from "../workspaces/workspace.ts";
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
import { createTaskSignals } from "./task-signals.ts";
import { createTaskWorkspace } from "./task-workspace.ts";

/** One runtime over all coding agents. */
export interface HarnessRouter extends HarnessRuntime {
  /**
   * Tells which agents are there, which version of them, and why not. Looks again after a minute; programs are asked for their version
   * once.
   */
  available(): Promise<Readonly<Record<string, HarnessAvailability>>>;
  /**
   * Lists the agents that a task would ask now, in order, and why it would skip the others, as far as `available` or an earlier task has
   * found out. Throws `ATLAS_ROUTING_PROFILE_UNKNOWN`.
   */
  explainRoute(profile?: string): RoutePlan;
  /**
   * Ends what killed processes have left behind: agents that still run, their workspaces and files. Call it once before the first task; a
   * second call returns the same promise.
   */
  start(): Promise<void>;
  /**
   * Ends all tasks, which reject with an `AbortError`, and refuses new ones. Resolves once no agent and no workspace is left. A second call
   * returns the same promise.
   */
  stop(): Promise<void>;
}

/** The options of a router over coding agents. */
export interface HarnessRouterOptions {
  /** The folder for workspaces and launch records. Gateways on one machine may share it. It is made if missing. */
  readonly stateDir: string;
  /** The `harness` part of a routing configuration. Default: all `drivers` and `harnesses` in their order, or `noop` if there are none. */
  readonly config?: HarnessRoutingConfig | undefined;
  /** The `harnesses` part: programs as a routing file describes them. Default: none besides the built-in ones. */
  readonly harnesses?: Readonly<Record<string, HarnessConfig>> | undefined;
  /** Your own drivers, by the names that profiles use. One with the name of another harness replaces it. */
  readonly drivers?: Readonly<Record<string, HarnessDriver>> | undefined;
  /** The folders below which agents may work, as absolute paths. Default: the folder in which the process stands. */
  readonly roots?: readonly string[] | undefined;
  /** Where `PATH` and keys are looked up, such as `process.env`. Default: nowhere, because the package never reads the environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Overrides parts of the policy and of the `limits` in the configuration. Agents differ from `defaultPolicy`: 30 minutes for a task, no
   * retries, 2 tasks for each agent at a time, and the time of each driver for an attempt.
   */
  readonly policy?: Partial<RoutingPolicy>;
  /** Time from the first signal to the last one where an agent is ended, in milliseconds. Default: 5,000. */
  readonly graceMs?: number;
  readonly clock?: Clock;
  /** Receives failed attempts, and a warning when `noop` stands in. Default: nothing is logged. */
  readonly log?: Logger;
  /** Starts programs. Default: `createOwnedProcesses`. */
  readonly processes?: OwnedProcesses;
  /** Prepares the folders of tasks. Default: throw-away copies by git. */
  readonly workspaces?: Workspaces;
  /** Returns a number 0 ≤ x < 1 for the order of profiles with weights. Default: `Math.random`. */
  readonly random?: () => number;
  /** Returns a new id for each run. Default: a random UUID. */
  readonly newId?: () => string;
  /** Wraps the driver of a candidate, once for each attempt. Default: nothing. */
  readonly around?: AroundAttempt<HarnessDriver> | undefined;
}

const known: Readonly<Record<keyof HarnessRouterOptions, true>> = {
  stateDir: true,
  config: true,
  harnesses: true,
  drivers: true,
  roots: true,
  env: true,
  policy: true,
  graceMs: true,
  clock: true,
  log: true,
  processes: true,
  workspaces: true,
  random: true,
  newId: true,
  around: true,
};

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
  checkOptions("createHarnessRouter", options, Object.keys(known));
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
