import { createServer } from "node:http";
import { createGateway, stopOnSignals } from "@atlas/gateway";
import { createHttp } from "@atlas/gateway/http";
import { getRequestListener } from "@hono/node-server";

const gateway = await createGateway({
  database: process.env["ATLAS_DATABASE"] ?? "data/atlas.db",
  workflows: [
    { id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${String(input["name"])}!` }) },
  ],
});
await gateway.start();

const atlas = createHttp(gateway, { token: process.env["ATLAS_TOKEN"], basePath: "/atlas" });
const listener = getRequestListener(atlas.fetch, { overrideGlobalObjects: false });
const server = createServer((request, response) => {
  if (request.url?.startsWith("/atlas/")) void listener(request, response);
  else response.end("A page of my own");
});

server.listen(Number(process.env["PORT"] ?? 4400), "127.0.0.1", () => {
  console.log("listening on", server.address());
});
stopOnSignals(gateway, {
  server: { stop: () => new Promise((resolve) => server.close(resolve)) },
});
