import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import { type PluginHost, trackCommands } from "./context.ts";
import { interruptible } from "./interruptible.ts";
import type { PluginsCommand, PluginsModule } from "./plugins-module.ts";
import type { PluginRegistry } from "./registry.ts";
import type { SourceContext } from "./source.ts";

/** Runs sources. */
export interface SourceRunner {
  /**
   * Syncs one source, or all of them, each at most once at a time: a second call joins the sync under way. Rejects with the
   * first failure, after all have ended.
   */
  sync(id?: string): Promise<void>;
  /** Asks the syncs under way to end through their signal, and waits for them at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** A runner of the registered sources. */
export function createSourceRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
}): SourceRunner {
  const { host, repo, commands, registry } = options;
  const underWay = new Map<string, Promise<void>>();
  const asking = new AbortController();
  const giving = new AbortController();

  return {
    async sync(id) {
      const ids = id === undefined ? [...registry.sources.keys()] : [registry.source(id).id];
      const results = await Promise.allSettled(ids.map(syncOnce));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    async stop(graceMs) {
      const reason = new Error("The gateway is stopping.");
      asking.abort(reason);
      const cancel = host.clock.after(graceMs, () => giving.abort(reason));
      await Promise.allSettled(underWay.values());
      cancel();
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
      const cursor = await repo.plugins.getSourceCursor(id);
      const checkpoint: SourceContext["checkpoint"] = async (next, together = []) => {
        await tracked.settled();
        const keep = { type: "plugins.source.checkpoint", source_id: id, cursor: next } as const;
        await commands.enqueueAll([...together, keep], { actor });
      };
      const ctx: SourceContext = {
        ...host,
        services: host.services ?? {},
        repo,
        commands: tracked.commands,
        signal: asking.signal,
        cursor,
        full: false,
        checkpoint,
      };
      await interruptible(giving.signal, async () => {
        await source.sync(ctx);
        await tracked.settled();
      });
    } catch (error) {
      host.log.error({ source: id, error }, `The source "${id}" failed; its cursor stays where it was.`);
      throw error;
    } finally {
      tracked.end();
    }
  }
}
