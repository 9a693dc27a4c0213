const { createGateway, stopOnSignals } = require("@atlas/gateway");
const { serve } = require("@atlas/gateway/http");

async function main() {
  const gateway = await createGateway({
    database: process.env.ATLAS_DATABASE ?? "data/atlas.db",
    workflows: [{ id: "greet.v1", run: async (_ctx, input) => ({ greeting: `Hello ${input.name}!` }) }],
  });
  await gateway.start();
  const server = await serve(gateway, {
    token: process.env.ATLAS_TOKEN,
    port: Number(process.env.PORT ?? 4400),
  });
  console.log("listening on", { port: server.port });
  stopOnSignals(gateway, { server });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
