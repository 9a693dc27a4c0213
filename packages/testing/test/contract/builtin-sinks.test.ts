import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, CommandSink } from "@atlas/core";
import { createFileSink } from "@atlas/plugins/builtin/file";
import { createWebhookSink } from "@atlas/plugins/builtin/webhook";
import { sinkContract } from "../../src/contract/index.ts";

async function bringArtifacts(commands: CommandSink<Command>): Promise<void> {
  for (const id of ["a1", "a2"]) {
    await commands.enqueue({
      type: "artifact.create",
      artifact: { id, type: "note", content_md: `# ${id}` },
    });
  }
  await commands.enqueue({ type: "artifact.update", id: "a1", patch: { content_md: "# a1, later" } });
}

sinkContract({
  name: "file",
  open() {
    const folder = mkdtempSync(join(tmpdir(), "files-"));
    return {
      sink: () => createFileSink({ folder }),
      bring: bringArtifacts,
      state: () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
      close: () => rmSync(folder, { recursive: true }),
    };
  },
});

sinkContract({
  name: "webhook",
  async open() {
    // As a receiver should: what it has had already, it knows by its id.
    const received = new Map<string, string>();
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
      const number = String(request.headers["webhook-id"]).replace(/^evt_[^_]*/, "");
      received.set(number, JSON.parse(body).aggregate_id);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return {
      sink: () => createWebhookSink({ url, secret: "a secret of the two" }),
      bring: bringArtifacts,
      state: () => received,
      async close() {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
      },
    };
  },
});
