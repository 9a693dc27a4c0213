import { createGateway, stopOnSignals } from "@atlas/gateway";
import { createHttp } from "@atlas/gateway/http";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const gateway = await createGateway({
  database: process.env["ATLAS_DATABASE"] ?? "data/atlas.db",
  workflows: [
    { id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${String(input["name"])}!` }) },
  ],
});
await gateway.start();

const atlas = createHttp(gateway, { token: process.env["ATLAS_TOKEN"], basePath: "/atlas" });
const app = new Hono();
app.get("/", (context) => context.text("A page of my own"));
app.all("/atlas/*", (context) => atlas.fetch(context.req.raw, context.env));

const server = serve(
  { fetch: app.fetch, port: Number(process.env["PORT"] ?? 4400), hostname: "127.0.0.1" },
  (address) => console.log("listening on", address),
);
stopOnSignals(gateway, {
  server: { stop: () => new Promise((resolve) => server.close(resolve)) },
});
