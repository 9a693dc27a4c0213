// app/api/atlas/[...path]/route.ts
import { createGateway } from "@atlas/gateway";
import { createHttp, type GatewayHttp } from "@atlas/gateway/http";

async function open(): Promise<GatewayHttp> {
  const gateway = await createGateway({
    database: process.env["ATLAS_DATABASE"] ?? "data/atlas.db",
    workflows: [
      { id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${String(input["name"])}!` }) },
    ],
  });
  await gateway.start();
  // Next ends the process by itself on SIGTERM. What is not stopped by then goes on after the next start.
  process.once("SIGTERM", () => void gateway.stop());
  return createHttp(gateway, { token: process.env["ATLAS_TOKEN"], basePath: "/api/atlas" });
}

// Next loads a module several times in development. A database has one gateway.
const shared = globalThis as typeof globalThis & { atlas?: Promise<GatewayHttp> };

async function handle(request: Request): Promise<Response> {
  shared.atlas ??= open();
  return (await shared.atlas).fetch(request);
}

export const dynamic = "force-dynamic";
export { handle as DELETE, handle as GET, handle as PATCH, handle as POST, handle as PUT };
