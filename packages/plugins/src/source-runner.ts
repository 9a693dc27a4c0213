import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import { type PluginHost, trackCommands } from "./context.ts";
import type { PluginsCommand, PluginsModule } from "./plugins-module.ts";
import type { PluginRegistry } from "./registry.ts";

/** Runs sources. */
export interface SourceRunner {
  /**
   * Syncs one source, or all of them, each at most once at a time: a second call joins the sync under way. Rejects with the
   * first failure, after all have ended.
   */
  sync(id?: string): Promise<void>;
}

/** A runner of the registered sources. */
export function createSourceRunner(options: {
  readonly host: Omit<PluginHost, "repo" | "commands">;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  readonly signal: AbortSignal;
}): SourceRunner {
  const { host, repo, commands, registry, signal } = options;
  const underWay = new Map<string, Promise<void>>();

  return {
    async sync(id) {
      const ids = id === undefined ? [...registry.sources.keys()] : [registry.source(id).id];
      const results = await Promise.allSettled(ids.map(syncOnce));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
  };

  function syncOnce(id: string): Promise<void> {
    const running = underWay.get(id);
    if (running !== undefined) return running;
    const sync = runSync(id).finally(() => underWay.delete(id));
    underWay.set(id, sync);
    return sync;
  }

  async function runSync(id: string): Promise<void> {
    const source = registry.source(id);
    const actor = `source:${id}`;
    const tracked = trackCommands(commands, { actor });
    try {
      await source.sync({
        ...host,
        repo,
        signal,
        commands: tracked.commands,
        cursor: await repo.plugins.getSourceCursor(id),
        async checkpoint(cursor, together = []) {
          await tracked.settled();
          await commands.enqueueAll(
            [...together, { type: "plugins.source.checkpoint", source_id: id, cursor }],
            { actor },
          );
        },
      });
      await tracked.settled();
    } catch (error) {
      host.log.error({ source: id, error }, `The source "${id}" failed; its cursor stays where it was.`);
      throw error;
    } finally {
      tracked.end();
    }
  }
}
