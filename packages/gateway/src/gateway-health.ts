import type { Health } from "@atlas/core";
import type { Delivery, JobRunner, PausedAt, PluginRegistry, SourceRunner } from "@atlas/plugins/runtime";
import type { ScheduledBackups } from "./backups/backups.ts";
import type { Installation } from "./extensions/installation.ts";
import type { GatewayHealth } from "./gateway.ts";

/** Collects the state of one gateway, from memory only. */
export function createGatewayHealth(parts: {
  readonly store: { health(): Health };
  readonly registry: PluginRegistry;
  readonly sources: Pick<SourceRunner, "health">;
  readonly delivery: Pick<Delivery, "health">;
  readonly runner: Pick<JobRunner, "running">;
  readonly pausedAt: PausedAt;
  readonly backups: Pick<ScheduledBackups, "health"> | undefined;
  readonly installation: Pick<Installation, "health">;
}): () => GatewayHealth {
  const { store, registry, sources, delivery, runner, pausedAt, backups, installation } = parts;
  return () => ({
    ...store.health(),
    sources: sources.health(),
    sinks: delivery.health(),
    jobs: {
      running: runner.running,
      paused: [...registry.workflows.keys()].flatMap((workflow_id) => {
        const at = pausedAt("workflow", workflow_id);
        return at === undefined ? [] : [{ workflow_id, pausedAt: at }];
      }),
    },
    ...(backups === undefined ? {} : { backups: backups.health() }),
    extensions: installation.health(),
  });
}
