import type { StoreModule } from "@atlas/core";
import { type AnyExtension, createGateway, type GatewayOptions } from "@atlas/gateway";
import type { PluginServices } from "@atlas/plugins";

/**
 * A started gateway on a temporary database that is gone after `stop()`, with the mock model unless another is given.
 *
 * @example
 * ```ts
 * const sink = createRecordingSink();
 * const gateway = await createTestGateway({ sinks: [sink] });
 * await gateway.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
 * assert.equal((await sink.next("entity.upserted")).type, "entity.upserted");
 * await gateway.stop();
 * ```
 */
export async function createTestGateway<
  const Modules extends readonly StoreModule[] = readonly [],
  const Extensions extends readonly AnyExtension[] = readonly [],
  HostServices extends PluginServices = Record<never, never>,
>(
  options: Omit<GatewayOptions<Modules, Extensions, HostServices>, "database"> = {},
): Promise<Awaited<ReturnType<typeof createGateway<Modules, Extensions, HostServices>>>> {
  // createGateway refuses the other names that it does not know. This one it would take, and the test would not see its file.
  if ("database" in options) {
    throw new TypeError(
      'createTestGateway: "database" is not an option, because the database is temporary. Use createGateway to open a file.',
    );
  }
  const gateway = await createGateway<Modules, Extensions, HostServices>({
    ...options,
    database: ":memory:",
  });
  await gateway.start();
  return gateway;
}
