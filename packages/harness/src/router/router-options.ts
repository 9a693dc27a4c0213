import type {
  AroundAttempt,
  Clock,
  HarnessConfig,
  HarnessRoutingConfig,
  Logger,
  RoutePlan,
  RoutingPolicy,
} from "@atlas/routing";
import type { HarnessAvailability, HarnessDriver } from "../contract/driver.ts";
import type { HarnessRuntime } from "../contract/runtime.ts";
import type { OwnedProcesses } from "../processes/owned-processes.ts";
import type { Workspaces } from "../workspaces/workspace.ts";

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

/** For the check of names. */
export const OPTIONS: Readonly<Record<keyof HarnessRouterOptions, true>> = {
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
