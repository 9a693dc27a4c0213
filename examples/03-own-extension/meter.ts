import { defineExtension, defineSink } from "@atlas/gateway";
import { service } from "@atlas/plugins";
import { meterModule } from "./meter-module.ts";

/** The service that plugins and the host find under the name `meter`. */
export interface Meter {
  /** What the tenant has used so far. */
  usage(tenant: string): Promise<{ readonly calls: number; readonly tokens: number }>;
}

/** For plugins: `needs: [meterService]` types `ctx.services.meter`. */
export const meterService = service<Meter>()("meter");

/** Counts the model calls and tokens of each tenant, and calls `tell` at least once for each call. */
export const meter = ({ tell }: { readonly tell: (tenant: string, tokens: number) => void }) =>
  defineExtension({
    name: "meter",
    module: meterModule,
    provide: ({ repo }): Meter => ({ usage: (tenant) => repo.meter.usage(tenant) }),
    // Without streamText, streams arrive as one piece, so this counts them too.
    llm:
      ({ commands, newId }) =>
      (next) => ({
        async generateText(options) {
          const result = await next.generateText(options);
          const { inputTokens = 0, outputTokens = 0 } = result.usage ?? {};
          const { context = {} } = options;
          const call = {
            id: newId(),
            tenant: context.tenant ?? "nobody",
            tokens: inputTokens + outputTokens,
          };
          await commands.enqueue({ type: "meter.call.record", ...call }, { context });
          return result;
        },
      }),
    // Over HTTP, with a token that has the scope `meter:read`.
    routes: ({ repo }) => [
      {
        method: "GET",
        path: "/meter/usage/:tenant",
        handle: async (_, { tenant = "" }) => Response.json({ tenant, ...(await repo.meter.usage(tenant)) }),
      },
    ],
    sinks: [
      defineSink({
        id: "meter",
        uses: [meterModule],
        on: ["meter.call.recorded"],
        handle: async ({ aggregate_id, payload }) => tell(aggregate_id, payload.tokens),
      }),
    ],
  });
