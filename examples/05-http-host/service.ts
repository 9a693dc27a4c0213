import { join } from "node:path";
import { createGateway, stopOnSignals } from "@atlas/gateway";
import { serve } from "@atlas/gateway/http";

const { env } = process;
const folder = env["ATLAS_FOLDER"] ?? "data";

const gateway = await createGateway({
  database: join(folder, "atlas.db"),
  backups: { folder: env["ATLAS_BACKUPS"] ?? join(folder, "backups"), keep: 7 },
  workflows: [
    { id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${String(input["name"])}!` }) },
  ],
});
await gateway.start();

const server = await serve(gateway, {
  port: Number(env["PORT"] ?? 4400),
  host: env["HOST"] ?? "127.0.0.1",
  token: env["ATLAS_TOKEN"],
  ...(env["ATLAS_HOSTS"] === undefined ? {} : { hosts: env["ATLAS_HOSTS"].split(",") }),
});
stopOnSignals(gateway, { server });
console.log(`listening on ${server.url}`, { port: server.port });
