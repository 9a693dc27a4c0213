import { type Admit, type Clock, createStore, type Logger, silentLogger, systemClock } from "@atlas/core";
import { onTestFinished } from "vitest";
import { pluginsModule } from "../../src/index.ts";

/** A store with the runners' module, stopped when the test is over, and the host that runners are given. */
export async function openStore(
  options: {
    readonly clock?: Clock | undefined;
    readonly database?: string | undefined;
    readonly log?: Logger | undefined;
    readonly admit?: readonly Admit[] | undefined;
  } = {},
) {
  const { clock = systemClock, database = ":memory:", log = silentLogger, admit = [] } = options;
  const store = await createStore({ database, modules: [pluginsModule], clock, log, admit });
  onTestFinished(() => store.stop());
  return { store, commands: store.commands, repo: store.repo, host: { clock, log } };
}
