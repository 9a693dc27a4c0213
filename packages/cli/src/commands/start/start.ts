import type { Gateway } from "@atlas/gateway";
import type { GatewayServer } from "@atlas/gateway/http";
import { defineCommand } from "../../command/command.ts";
import { databaseArgs } from "../../command/common-args.ts";
import { EXIT } from "../../command/exit-code.ts";
import { wholeNumber } from "../../command/values.ts";
import { httpPlace } from "../../config/http-place.ts";
import { loadConfig } from "../../config/load-config.ts";
import { realDatabase } from "../../reach/find-database.ts";
import { removeServeFile, serveFilePath, writeServeFile } from "../../reach/serve-file.ts";
import { openGateway } from "../../reach/with-gateway.ts";
import { describeGateway, startLines } from "./describe-gateway.ts";
import { listenForEnd } from "./listen-for-end.ts";
import { serveGateway } from "./serve-gateway.ts";

const MOST_PORT = 65_535;

export const command = defineCommand({
  args: {
    host: { type: "string", valueHint: "address", description: "Address to listen on (default: 127.0.0.1)" },
    port: {
      type: "string",
      valueHint: "number",
      description: "Port to listen on, 0 for any (default: 4400)",
    },
    http: { type: "boolean", default: true, description: "Serve HTTP", negativeDescription: "Serve no HTTP" },
    config: databaseArgs.config,
  },
  async run({ args, host, output }) {
    const port = wholeNumber(args.port, "--port", { least: 0, most: MOST_PORT });
    output.status("Starting …");
    const loaded = await loadConfig(host, args.config);
    const place = args.http ? httpPlace(loaded.config, { host: args.host, port }) : undefined;
    using listener = listenForEnd();
    await using gateway = await openGateway(loaded);
    // Listens first: a port that is taken must not be found out after jobs have begun.
    await using server =
      place === undefined ? undefined : await serveGateway(gateway, { loaded, place, env: host.env });
    await gateway.start();
    const database = realDatabase(loaded.config.database);
    using _ = announce(database, server);
    const facts = await describeGateway(gateway, { loaded, database, url: server?.url });
    output.item({ status: "started", pid: process.pid, ...facts }, () =>
      startLines(facts, {
        output,
        tokenFile: server === undefined ? undefined : serveFilePath(database),
        token: server?.token,
      }).join("\n"),
    );
    const { reason, hasFailed } = await listener.end;
    output.note(reason);
    await stopAll(gateway, server);
    output.item(
      { status: "stopped", pid: process.pid },
      () => "Stopped. Everything that was accepted is on disk.",
    );
    return hasFailed ? EXIT.failed : EXIT.ok;
  },
});

/** Tells other commands where the gateway answers, for as long as it does. */
function announce(database: string, server: GatewayServer | undefined): Disposable {
  if (server !== undefined)
    writeServeFile(database, { url: server.url, token: server.token, pid: process.pid });
  return { [Symbol.dispose]: () => removeServeFile(database) };
}

/** At the same time: a request that is being answered can still write, and each part keeps to its own time. */
async function stopAll(gateway: Gateway, server: GatewayServer | undefined): Promise<void> {
  await Promise.all([server?.stop(), gateway.stop()]);
}
