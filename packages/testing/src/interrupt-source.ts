import type { SourceContext, SourcePlugin } from "@atlas/plugins";

/** Between what a source asks for and what it learns of it. */
export interface SourceMoment {
  /** `before`: nothing was sent yet. `after`: it is committed, and the source does not know it yet. */
  readonly when: "before" | "after";
  readonly what: "enqueue" | "checkpoint";
  /** Counted from 1 in each sync. */
  readonly number: number;
}

/**
 * The same source, with a hook before and after everything that it sends. The hook may kill the process, stop the gateway
 * or throw; after a throw everything that the source sends in this sync is refused, as if its process had died there.
 *
 * @example
 * ```ts
 * const moments: string[] = [];
 * const source = interruptSource(
 *   { id: "one", sync: (ctx) => ctx.checkpoint("done") },
 *   ({ when, what }) => void moments.push(`${when} ${what}`),
 * );
 * const gateway = await createTestGateway({ sources: [source] });
 * await gateway.sync("one");
 * await gateway.stop();
 * assert.deepEqual(moments, ["before checkpoint", "after checkpoint"]);
 * ```
 */
export function interruptSource(source: SourcePlugin, hook: (moment: SourceMoment) => void): SourcePlugin {
  return {
    ...source,
    id: source.id,
    async sync(ctx) {
      let number = 0;
      let dead: { readonly error: unknown } | undefined;
      const reach = (when: SourceMoment["when"], what: SourceMoment["what"]): void => {
        if (dead !== undefined) throw dead.error;
        number += 1;
        try {
          hook({ when, what, number });
        } catch (error) {
          dead = { error };
          throw error;
        }
      };
      const watch = <Result>(what: SourceMoment["what"], send: () => Promise<Result>): Promise<Result> => {
        const sent = (async () => {
          reach("before", what);
          const result = await send();
          reach("after", what);
          return result;
        })();
        // Whoever does not await a command must not bring down the process by that.
        sent.catch(() => undefined);
        return sent;
      };
      const watched: SourceContext = {
        ...ctx,
        commands: {
          enqueue: (command, envelope) => watch("enqueue", () => ctx.commands.enqueue(command, envelope)),
          enqueueAll: (commands, envelope) =>
            watch("enqueue", () => ctx.commands.enqueueAll(commands, envelope)),
          attempt: (command, envelope) => watch("enqueue", () => ctx.commands.attempt(command, envelope)),
          attemptAll: (commands, envelope) =>
            watch("enqueue", () => ctx.commands.attemptAll(commands, envelope)),
        },
        checkpoint: (cursor, commands) => watch("checkpoint", () => ctx.checkpoint(cursor, commands)),
      };
      await source.sync(watched);
      if (dead !== undefined) throw dead.error;
    },
  };
}
