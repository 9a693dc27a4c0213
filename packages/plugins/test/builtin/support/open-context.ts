import {
  type Clock,
  createStore,
  type DomainEvent,
  type JsonObject,
  type JsonValue,
  silentLogger,
  systemClock,
} from "@atlas/core";
import { onTestFinished } from "vitest";
import { trackCommands } from "../../../src/calling/tracked-commands.ts";
import type { SinkContext, SourceContext, SourcePlugin } from "../../../src/index.ts";

/** A real store, and what a runner would give to a plugin over it. */
export async function openContext(options: { readonly clock?: Clock; readonly signal?: AbortSignal } = {}) {
  const { clock = systemClock, signal = new AbortController().signal } = options;
  const store = await createStore({ log: silentLogger, database: ":memory:" });
  onTestFinished(() => store.stop());
  const { commands, repo } = store;
  const shared = {
    commands: trackCommands(commands, { actor: "test" }).commands,
    repo,
    clock,
    signal,
    log: silentLogger,
    services: {},
    context: {},
  };
  let cursor: JsonValue | undefined;

  return {
    store,
    commands,
    repo,
    check: async (source: SourcePlugin) => source.check?.({ ...shared, cursor }),
    /** Syncs as the runner does: the cursor is kept from one sync to the next. Resolves with what it wrote. */
    async sync(source: SourcePlugin) {
      const before = (await repo.listDomainEvents()).items.length;
      const ctx: SourceContext = {
        ...shared,
        cursor,
        full: false,
        async checkpoint(next, together = []) {
          if (together.length > 0) await commands.enqueueAll(together);
          cursor = next;
        },
      };
      await source.sync(ctx);
      return (await repo.listDomainEvents({ limit: 1_000 })).items
        .slice(before)
        .map(({ type, aggregate_id }) => `${type} ${aggregate_id}`);
    },
    forget() {
      cursor = undefined;
    },
    sinkContext: (attempt = 1): SinkContext => ({ ...shared, attempt }),
  };
}

/** A domain event as a sink gets it. */
export function eventOf(type: string, aggregate_id?: string, payload: JsonObject = {}): DomainEvent {
  return {
    id: "evt_abcdefgh_7",
    seq: 7,
    type,
    payload,
    created_at: "2026-01-01T00:00:00.000Z",
    command_seq: 7,
    depth: 0,
    ...(aggregate_id === undefined ? {} : { aggregate_id }),
  };
}
