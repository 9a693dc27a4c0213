import {
  coreModule,
  createStore,
  type FileStore,
  type StoreModule,
  stderrLogger,
  systemClock,
} from "@atlas/core";
import { guardLogger, requireNode } from "@atlas/core/internal";
import { type HarnessModule, harnessModule } from "@atlas/harness/module";
import { type LLMModule, llmModule } from "@atlas/llm/module";
import { type PluginServices, type PluginsModule, pluginsModule } from "@atlas/plugins";
import {
  checkCapabilities,
  createJobAdmission,
  createPluginRegistry,
  type PluginRegistry,
} from "@atlas/plugins/runtime";
import { checkExtensions } from "./extensions/check-extensions.ts";
import type { AnyExtension, ModuleOf, ProvidedBy } from "./extensions/extension.ts";
import { createInstallation } from "./extensions/installation.ts";
import type { Gateway } from "./gateway.ts";
import { createGatewayHarness, hasHarness } from "./gateway-harness.ts";
import { createGatewayLLM } from "./gateway-llm.ts";
import { type AnyGatewayOptions, checkGatewayOptions, type GatewayOptions } from "./gateway-options.ts";
import { type HttpModule, httpModule } from "./http/module/http-module.ts";
import { createGatewayCache } from "./llm-cache.ts";
import { readRouting } from "./routing-file.ts";
import { createRunners } from "./runners.ts";

const DEFAULT_GRACE_MS = 8_000;
const BUILT_IN: readonly StoreModule[] = [coreModule, pluginsModule, llmModule, harnessModule, httpModule];

/**
 * Opens the database and creates a gateway around it. `commands`, `repo`, `jobs.create`, `schedules` and `sync` work at once; jobs run and events
 * are delivered after `start()`.
 *
 * @example
 * ```ts
 * const gateway = await createGateway({
 *   database: ":memory:",
 *   workflows: [{ id: "hello.v1", run: async (ctx) => void ctx.emitArtifact({ type: "hello", content_md: "Hello!" }) }],
 * });
 * await gateway.start();
 * const job = await gateway.jobs.create({ workflow_id: "hello.v1" });
 * assert.equal((await gateway.jobs.wait(job.id)).status, "succeeded");
 * await gateway.stop();
 * ```
 */
export async function createGateway<
  const Modules extends readonly StoreModule[] = readonly [],
  const Extensions extends readonly AnyExtension[] = readonly [],
  HostServices extends PluginServices = Record<never, never>,
>(
  options: GatewayOptions<Modules, Extensions, HostServices>,
): Promise<
  Gateway<Modules[number] | ModuleOf<Extensions[number]>, HostServices & ProvidedBy<Extensions[number]>>
> {
  // Assembled from the modules and services that the type names.
  return (await composeGateway(options)) as never;
}

/** Checks the options, opens the database and wires everything that a gateway has. */
async function composeGateway(options: AnyGatewayOptions): Promise<Gateway> {
  // Before anything that an older Node does not have is used.
  requireNode(process.versions.node);
  checkGatewayOptions(options);
  const { clock = systemClock, graceMs = DEFAULT_GRACE_MS } = options;
  // The one place where the host's logger comes in. Everything below gets this one.
  const log = guardLogger(options.log ?? stderrLogger);
  const { extensions = [], modules = [], services = {}, admit = [], providers, models } = options;
  const given = { modules: [...BUILT_IN, ...modules], services: Object.keys(services) };
  checkExtensions(extensions, given);
  const registry = registerPlugins(options);
  const routing = await readRouting(options.routing, {
    models: [...Object.keys(providers ?? {}), ...Object.keys(models ?? {})],
    harnesses: Object.keys(options.agents?.drivers ?? {}),
  });
  const { agents, harness } = options;
  if (harness !== undefined && routing.harness !== undefined)
    throw new TypeError(
      "createGateway: `harness` cannot be combined with a `harness` part of `routing`. Remove one of the two.",
    );
  const hasAgents = hasHarness({ routing, harness, agents });
  const added = [...modules, ...extensions.flatMap(({ module = [] }) => module)];
  checkCapabilities(registry, {
    modules: [...BUILT_IN, ...added].map(({ name }) => name),
    services: [
      ...given.services,
      ...extensions.flatMap(({ name, provide }) => (provide === undefined ? [] : name)),
    ],
    harness: hasAgents,
  });
  const installation = createInstallation(extensions, {
    clock,
    log,
    graceMs,
    hasHarness: hasAgents,
  });

  // The jobs that are being created for batches.
  const opening = new Set<string>();
  const store: FileStore<PluginsModule | LLMModule | HarnessModule | HttpModule> = await createStore({
    database: options.database,
    modules: [pluginsModule, llmModule, harnessModule, httpModule, ...added],
    admit: [...installation.admit, ...admit, createJobAdmission(registry, opening)],
    clock,
    log,
    ...(options.driver === undefined ? {} : { driver: options.driver }),
    ...(options.journal === undefined ? {} : { journal: options.journal }),
    ...(options.readTimeoutMs === undefined ? {} : { readTimeoutMs: options.readTimeoutMs }),
  });
  try {
    // Read before anybody can send a command.
    const since = await store.repo.plugins.lastEventSeq();
    const opened = installation.open(store, services);
    const cache =
      options.llmCache === undefined
        ? []
        : [
            createGatewayCache(options.llmCache, {
              commands: store.commands,
              findAnswer: store.repo.llm.findCachedAnswer,
              routing: routing.llm,
              clock,
              log,
            }),
          ];
    const env = options.env ?? process.env;
    const llm = createGatewayLLM({
      routing,
      llm: options.llm,
      providers,
      models,
      middleware: [...opened.llm, ...(options.llmMiddleware ?? []), ...cache],
      around: opened.around,
      env,
      clock,
      log,
    });
    const openedHarness = await createGatewayHarness({
      routing,
      harness,
      agents,
      database: options.database,
      graceMs,
      middleware: opened.harness,
      env,
      clock,
      log,
    });
    const parts = {
      options,
      store,
      registry,
      installation,
      opened,
      llm,
      agents: openedHarness,
      clock,
      log,
      graceMs,
      since,
      opening,
    };
    return await createRunners(parts);
  } catch (error) {
    await store.stop();
    throw error;
  }
}

/** The plugins of the host and of its extensions. */
function registerPlugins(options: AnyGatewayOptions): PluginRegistry {
  const registry = createPluginRegistry();
  for (const { sources = [], workflows = [], sinks = [] } of [options, ...(options.extensions ?? [])]) {
    for (const source of sources) registry.registerSource(source);
    for (const workflow of workflows) registry.registerWorkflow(workflow);
    for (const sink of sinks) registry.registerSink(sink);
  }
  return registry;
}
