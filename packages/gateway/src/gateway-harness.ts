import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HarnessAvailability, HarnessDriver, HarnessMiddleware, HarnessRuntime } from "@atlas/harness";
import type { Clock, Logger, RoutePlan, RoutingConfig } from "@atlas/routing";

/** The coding agents of a gateway. */
export type GatewayHarness = HarnessRuntime & {
  /** Asks each agent of the routing file whether it is installed, in which version, and why not. */
  available(): Promise<Readonly<Record<string, HarnessAvailability>>>;
  /**
   * Lists the agents that a task would be given to now, in order, and why it would skip the others. Throws
   * `ATLAS_ROUTING_PROFILE_UNKNOWN`, and a `TypeError` if the gateway got a single runtime as `harness`.
   */
  explainRoute(profile?: string): RoutePlan;
};

/** How the agents of a gateway work. */
export interface AgentsOptions {
  /** Your own drivers, by the names that profiles use. One with the name of a built-in agent replaces it. Default: none. */
  readonly drivers?: Readonly<Record<string, HarnessDriver>>;
  /**
   * The folders within which agents may work; a task elsewhere is refused with `ATLAS_HARNESS_CWD_REFUSED`. Default: the folder in which the
   * process was started.
   */
  readonly roots?: readonly string[];
  /**
   * Where copies and launch records are kept. Default: `<database>.agents`. With a database in memory, a folder for temporary files, which
   * is removed by `stop()`; agents that a killed gateway leaves are then not found again. Agents work on copies there, so it needs room.
   */
  readonly stateDir?: string;
  /** Keeps the goals of tasks with the evidence of their jobs. Default: false, because a goal may quote what is secret. */
  readonly keepGoals?: boolean;
}

const LONGEST_GRACE_MS = 5_000;
// Jobs are aborted after half of the time to stop. Then their agents get the signals, and what is left of them is looked for.
const SHARE_OF_STOP = 0.3;

/** The agents, and their life. */
export interface OpenedHarness {
  readonly harness: GatewayHarness;
  /** Ends what an earlier process left behind. */
  start(): Promise<void>;
  /** Ends every agent. */
  stop(): Promise<void>;
}

/**
 * Creates a router from the configuration, or uses the single runtime that the host passed. The package of agents is loaded only where
 * there are any.
 */
export async function createGatewayHarness(options: {
  readonly routing: RoutingConfig;
  readonly harness: HarnessRuntime | undefined;
  readonly agents: AgentsOptions | undefined;
  readonly database: string;
  /** The time that the gateway has to stop. */
  readonly graceMs: number;
  readonly middleware: readonly HarnessMiddleware[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<OpenedHarness | undefined> {
  const { routing, harness, agents, database, graceMs, middleware, env, clock, log } = options;
  if (!hasHarness({ routing, harness, agents })) return undefined;
  const { applyHarnessMiddleware, createHarnessRouter } = await import("@atlas/harness");
  if (harness !== undefined) {
    return {
      harness: {
        ...applyHarnessMiddleware(harness, middleware),
        available: async () => ({}),
        explainRoute() {
          throw new TypeError(
            "explainRoute needs a router, but this gateway got a single runtime as `harness`. Pass `routing` and `agents` instead of `harness`.",
          );
        },
      },
      start: async () => undefined,
      stop: async () => undefined,
    };
  }
  const { drivers, roots } = agents ?? {};
  const isTemporary = agents?.stateDir === undefined && database === ":memory:";
  const stateDir = isTemporary
    ? join(tmpdir(), `atlas-agents-${randomUUID()}`)
    : (agents?.stateDir ?? `${database}.agents`);
  const router = createHarnessRouter({
    ...(routing.harness === undefined ? {} : { config: routing.harness }),
    ...(routing.harnesses === undefined ? {} : { harnesses: routing.harnesses }),
    ...(drivers === undefined ? {} : { drivers }),
    ...(roots === undefined ? {} : { roots }),
    stateDir,
    graceMs: Math.min(LONGEST_GRACE_MS, graceMs * SHARE_OF_STOP),
    env,
    clock,
    log,
  });
  const { runTask } = applyHarnessMiddleware(router, middleware);
  return {
    harness: { runTask, available: router.available, explainRoute: router.explainRoute },
    start: router.start,
    async stop() {
      await router.stop();
      if (isTemporary) await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** True for a gateway whose workflows have agents. */
export function hasHarness(options: {
  readonly routing: RoutingConfig;
  readonly harness: HarnessRuntime | undefined;
  readonly agents: AgentsOptions | undefined;
}): boolean {
  const { routing, harness, agents } = options;
  return harness !== undefined || agents !== undefined || routing.harness !== undefined;
}
