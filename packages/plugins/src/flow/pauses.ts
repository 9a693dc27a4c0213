import { type Clock, type Command, type CommandSink, isoTime, type ReadOnlyRepo } from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import type { PluginRegistry } from "../contract/registry.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { PluginKind } from "../module/tables.ts";

/** Names one plugin: a source, a workflow or a sink, by its id. */
export type PluginRef =
  | { readonly source: string; readonly workflow?: never; readonly sink?: never }
  | { readonly workflow: string; readonly source?: never; readonly sink?: never }
  | { readonly sink: string; readonly source?: never; readonly workflow?: never };

/** Asks since when a plugin is paused, as an ISO time; nothing when it is not. */
export type PausedAt = (kind: PluginKind, id: string) => string | undefined;

/** What the host has paused. Pauses are stored, so they outlast a restart. */
export interface Pauses {
  readonly pausedAt: PausedAt;
  /** Resolves once the pause is on disk. From then on the plugin is not called; calls under way go on. */
  pause(plugin: PluginRef): Promise<void>;
  /** Resolves once the pause is removed on disk. */
  resume(plugin: PluginRef): Promise<void>;
}

const ACTOR = { actor: "host" };

/** The pauses of one gateway, read from the database. */
export async function loadPauses(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  readonly clock: Clock;
  /** Called after a plugin was resumed. */
  readonly onResumed: (kind: PluginKind, id: string) => void;
}): Promise<Pauses> {
  const { repo, commands, registry, clock, onResumed } = options;
  const paused = new Map<PluginKind, Map<string, string>>([
    ["source", new Map()],
    ["workflow", new Map()],
    ["sink", new Map()],
  ]);
  for (const { kind, id, paused_at } of await repo.plugins.listPauses()) paused.get(kind)?.set(id, paused_at);

  return {
    pausedAt: (kind, id) => paused.get(kind)?.get(id),
    async pause(plugin) {
      const { kind, id } = known("pause", plugin);
      const paused_at = isoTime(clock.now());
      // In memory first, so that nothing begins once the caller was told.
      if (paused.get(kind)?.has(id) === false) paused.get(kind)?.set(id, paused_at);
      try {
        await commands.enqueue({ type: "plugins.pause.set", kind, id, paused_at }, ACTOR);
      } finally {
        await read(kind, id);
      }
    },
    async resume(plugin) {
      const { kind, id } = known("resume", plugin);
      await commands.enqueue({ type: "plugins.pause.lift", kind, id }, ACTOR);
      await read(kind, id);
      if (paused.get(kind)?.has(id) === false) onResumed(kind, id);
    },
  };

  /** Takes over what is stored, which is right also when another call came in between. */
  async function read(kind: PluginKind, id: string): Promise<void> {
    const paused_at = await repo.plugins.getPausedAt(kind, id);
    if (paused_at === undefined) paused.get(kind)?.delete(id);
    else paused.get(kind)?.set(id, paused_at);
  }

  function known(method: string, plugin: PluginRef): { readonly kind: PluginKind; readonly id: string } {
    checkOptions(method, plugin, ["source", "workflow", "sink"]);
    const { source, workflow, sink } = plugin;
    if ([source, workflow, sink].filter((id) => id !== undefined).length !== 1)
      throw new TypeError(`${method}: name exactly one plugin, such as { workflow: "digest.v1" }.`);
    if (source !== undefined) return { kind: "source", id: registry.source(source).id };
    if (workflow !== undefined) return { kind: "workflow", id: registry.workflow(workflow).id };
    return { kind: "sink", id: registry.sink(String(sink)).id };
  }
}
