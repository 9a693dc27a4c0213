import type { Admit, Clock, DriverName, Logger, StoreModule } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { CandidateModels, LLMMiddleware, LLMRuntime } from "@atlas/llm";
import type { PluginServices, SinkPlugin, SourcePlugin, WorkflowPlugin } from "@atlas/plugins";
import { checkOptions } from "@atlas/plugins/runtime";
import type { RoutingConfig } from "@atlas/routing";
import { type BackupsOptions, checkBackupsOptions } from "./backups/backup-options.ts";
import type { AnyExtension } from "./extensions/extension.ts";
import type { AgentsOptions } from "./gateway-harness.ts";
import { checkCacheOptions, type GatewayCacheOptions } from "./llm-cache.ts";

/** Options of `createGateway`. Only `database` is required; other names are refused. */
export interface GatewayOptions<
  Modules extends readonly StoreModule[] = readonly [],
  Extensions extends readonly AnyExtension[] = readonly [],
  HostServices extends PluginServices = PluginServices,
> {
  /** Path of the database file. The file and its folder are created when they do not exist. `:memory:` keeps nothing. */
  readonly database: string;
  /**
   * The SQLite library to use. Default: `better-sqlite3`. `node:sqlite` is the one in Node itself: nothing native is installed or
   * bundled. It needs Node 24.15 (or 22.23), and Node does not call it stable yet. Rejects with
   * `ATLAS_CORE_SQLITE_UNSUPPORTED` where Node's SQLite is too old.
   */
  readonly driver?: DriverName;
  /** Modules to install: their commands in `commands`, their queries in `repo`. Default: none. */
  readonly modules?: Modules;
  /**
   * Hooks that check every command before it is queued, in this order. They run after those of extensions, and before a job's input is
   * checked. Default: none.
   */
  readonly admit?: readonly Admit[];
  /** What extends the gateway, the first one outermost. Default: none. */
  readonly extensions?: Extensions;
  /** What brings data in. Default: none, besides those of extensions. */
  readonly sources?: readonly SourcePlugin[];
  /** What works on the data. A job of any other workflow stays in the queue. Default: none, besides those of extensions. */
  readonly workflows?: readonly WorkflowPlugin[];
  /** What carries results out. Default: none, besides those of extensions. */
  readonly sinks?: readonly SinkPlugin[];
  /**
   * The models and agents to ask: the path of a routing file, or its content. Default: a mock answers every call. It needs no key, and
   * labels its answers as those of a mock.
   */
  readonly routing?: string | RoutingConfig;
  /** Your own language models, by the names that profiles use. Default: none. */
  readonly providers?: Readonly<Record<string, LLMRuntime>>;
  /** Your own models for embeddings, images, speech, transcription and reranking, by the same names. Default: those of `routing`. */
  readonly models?: Readonly<Record<string, CandidateModels>>;
  /** Middleware around every call of a language model, the first one outermost; extensions' is around it. Default: none. */
  readonly llmMiddleware?: readonly LLMMiddleware[];
  /**
   * Gives the same answer to the same call of a language model, from the gateway's own file: `{ ttlMs: 3_600_000 }`. It is inside of all
   * middleware. Answers are shared by all callers, and stand in the file and its journal. Default: every call asks a model.
   */
  readonly llmCache?: GatewayCacheOptions;
  /** One language model that answers every call, without profiles or fail-over. Excludes `routing`, `providers` and `models`. */
  readonly llm?: LLMRuntime;
  /** The environment variables with the keys that the routing file names. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * How the coding agents of `ctx.harness` work: where, and your own drivers. Default: what the `harness` part of `routing` says; without
   * one, a workflow that needs agents is refused.
   */
  readonly agents?: AgentsOptions;
  /** One coding agent that does every task, without profiles or fail-over. Excludes `agents` and a `harness` part of `routing`. */
  readonly harness?: HarnessRuntime;
  /** Services that plugins find in `ctx.services`. Default: none. */
  readonly services?: HostServices;
  /**
   * Attempts at jobs that run at the same time, 1 to 100,000. Default: 10. Raise it when jobs mostly wait for models; all of them share one thread, so
   * it does not speed up jobs that compute, and each uses memory while it runs.
   */
  readonly concurrency?: number;
  /**
   * How long `stop()` takes in all, in milliseconds. Default: 8,000, which fits the 10 s of `docker stop`. Syncs and jobs are aborted
   * after half of it, deliveries after three quarters, and repeated after the next start. A larger value lets longer attempts end.
   */
  readonly graceMs?: number;
  /**
   * How long a stream or a transaction of `repo.select` may stay open, in milliseconds. Default: 60,000. Raise it for reports that read
   * for minutes; the write-ahead log grows for as long as one is open.
   */
  readonly readTimeoutMs?: number;
  /**
   * How long a dead letter of a sink is kept after its last attempt, in milliseconds. Default: 2,592,000,000 (30 days). Until then its
   * event cannot be pruned, and `sinks.redrive` can deliver it. A longer time needs more disk; `Infinity` keeps dead letters until they
   * are dismissed.
   */
  readonly keepDeadLettersMs?: number;
  /**
   * Makes verified copies of the database by a schedule, and keeps the last ones: `{ folder: "/backup/atlas" }` makes one each day and keeps 7.
   * Default: none; `store.backup` makes single ones.
   */
  readonly backups?: BackupsOptions;
  /** Keeps every applied command, for `verify`, `asOf` and `replay`. Default: true. Switching it off makes the file smaller and gives these up. */
  readonly journal?: boolean;
  /** What tells the time and sets timers. Default: the system's clock. Tests pass `createFakeClock()` of `@atlas/testing`. */
  readonly clock?: Clock;
  /**
   * Where to log: `console`, pino, or any object with `debug`, `info`, `warn` and `error`. The default, `stderrLogger`,
   * writes warnings and errors to standard error; `silentLogger` writes nothing.
   */
  readonly log?: Logger;
}

/** Options whatever they install. */
export type AnyGatewayOptions = GatewayOptions<readonly StoreModule[], readonly AnyExtension[]>;

// A record, so that a missing name is an error of types.
const OPTIONS: Readonly<Record<keyof GatewayOptions, true>> = {
  database: true,
  driver: true,
  modules: true,
  admit: true,
  extensions: true,
  sources: true,
  workflows: true,
  sinks: true,
  routing: true,
  providers: true,
  models: true,
  llmMiddleware: true,
  llmCache: true,
  llm: true,
  env: true,
  agents: true,
  harness: true,
  services: true,
  concurrency: true,
  graceMs: true,
  readTimeoutMs: true,
  keepDeadLettersMs: true,
  backups: true,
  journal: true,
  clock: true,
  log: true,
};

const AGENTS: Readonly<Record<keyof AgentsOptions, true>> = {
  drivers: true,
  roots: true,
  stateDir: true,
  keepGoals: true,
};

const MOST_ATTEMPTS = 100_000;
// Node's timers fire at once beyond it.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Refuses options that do not exist, that make no sense, or that exclude each other. */
export function checkGatewayOptions(options: AnyGatewayOptions): void {
  checkOptions("createGateway", options, Object.keys(OPTIONS));
  const { llm, routing, providers, models, modules = [], admit = [] } = options;
  if (llm !== undefined && (routing !== undefined || providers !== undefined || models !== undefined)) {
    throw new TypeError(
      "createGateway: `llm` cannot be combined with `routing`, `providers` or `models`. Pass one language model as `llm`, or let `routing` choose.",
    );
  }
  const { agents, harness } = options;
  if (agents !== undefined) {
    checkOptions("createGateway's agents", agents, Object.keys(AGENTS));
    if (harness !== undefined) {
      throw new TypeError(
        "createGateway: `harness` cannot be combined with `agents`. Pass one runtime as `harness`, or let `routing` and `agents` choose.",
      );
    }
  }
  if (options.backups !== undefined) checkBackupsOptions(options.backups);
  if (options.llmCache !== undefined) checkCacheOptions(options.llmCache);
  const { concurrency, graceMs, keepDeadLettersMs } = options;
  if (concurrency !== undefined && !isWhole(concurrency, 1, MOST_ATTEMPTS))
    throw new TypeError(
      `createGateway: concurrency must be a whole number from 1 to ${MOST_ATTEMPTS}; got ${String(concurrency)}. Use gateway.pause to run no jobs of a workflow.`,
    );
  if (graceMs !== undefined && !isWhole(graceMs, 0, LONGEST_TIMER_MS))
    throw new TypeError(
      `createGateway: graceMs must be a whole number of milliseconds from 0 to ${LONGEST_TIMER_MS}; got ${String(graceMs)}.`,
    );
  if (keepDeadLettersMs !== undefined && !(typeof keepDeadLettersMs === "number" && keepDeadLettersMs >= 0))
    throw new TypeError(
      `createGateway: keepDeadLettersMs must be a number of milliseconds from 0, or Infinity; got ${String(keepDeadLettersMs)}.`,
    );
  if (!Array.isArray(modules))
    throw new TypeError("createGateway: modules must be a list of what defineModule returns.");
  if (!Array.isArray(admit) || admit.some((hook) => typeof hook !== "function"))
    throw new TypeError("createGateway: admit must be a list of functions.");
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
