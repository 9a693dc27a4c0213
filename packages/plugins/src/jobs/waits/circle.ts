import type { ReadOnlyRepo } from "@atlas/core";
import { PluginError } from "../../contract/errors.ts";
import type { PluginsModule } from "../../module/plugins-module.ts";

/** Refuses a wait for jobs that wait, directly or through others, for the job itself: none of them would ever end. */
export async function checkForCircle(
  repo: ReadOnlyRepo<PluginsModule>,
  self: string,
  ids: readonly string[],
): Promise<void> {
  const seen = new Set<string>();
  const next = ids.map((id) => [id]);
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    const id = path.at(-1) ?? "";
    if (seen.has(id)) continue;
    seen.add(id);
    for (const { kind, ids: others = [], attempt, answer } of await repo.plugins.listWaits(id)) {
      if (kind !== "jobs" || attempt === undefined || answer !== undefined) continue;
      if (others.includes(self)) throw circle(self, [self, ...path, self]);
      for (const other of others) next.push([...path, other]);
    }
  }
}

function circle(id: string, path: readonly string[]): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_WAIT_CIRCLE",
    { id, path },
    `The jobs wait for each other in a circle: ${path.map((job) => `"${job}"`).join(" → ")}. None of them would ever end; drop one of these waits.`,
  );
}
