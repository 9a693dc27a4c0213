import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyWebhook } from "@atlas/plugins/builtin/webhook";
import { expect, it, onTestFinished } from "vitest";

const program = join(import.meta.dirname, "..", "morning-digest.ts");
const SECRET = "known to both of us";

async function world() {
  const folder = mkdtempSync(join(tmpdir(), "morning-"));
  const received: { readonly valid: boolean; readonly body: Readonly<Record<string, string>> }[] = [];
  const feed = { isDown: false, items: ["Fish", "Chips"] };
  const server = createServer(async (request, response) => {
    if (request.url === "/feed") {
      if (feed.isDown) return void response.writeHead(500).end();
      const items = feed.items.map((title) => `<item><guid>${title}</guid><title>${title}</title></item>`);
      return void response.end(`<rss><channel>${items.join("")}</channel></rss>`);
    }
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const { valid } = verifyWebhook({ headers: request.headers, body, secret: SECRET, now: Date.now() });
    received.push({ valid, body: JSON.parse(body) });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    rmSync(folder, { recursive: true });
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function run(): Promise<string> {
    const child = spawn(
      process.execPath,
      [program, "--notes", ".", "--feed", `${origin}/feed`, "--webhook", `${origin}/hook`],
      { cwd: folder, env: { ...process.env, WEBHOOK_SECRET: SECRET }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    expect([await once(child, "close"), output]).toEqual([[0, null], expect.any(String)]);
    return output;
  }
  return { folder, feed, received, run };
}

it("sends a digest of notes and feed, signed, and later only of what is new", {
  timeout: 60_000,
}, async () => {
  const { folder, feed, received, run } = await world();
  writeFileSync(join(folder, "sea.md"), "# The sea\n\nIt is wide.");
  expect(await run()).toBe("3 new items\n");
  expect(received).toMatchObject([{ valid: true, body: { title: "3 new items" } }]);
  for (const title of ["Fish", "Chips", "The sea"])
    expect(received[0]?.body["markdown"]).toContain(`- ${title}\n`);

  expect(await run()).toBe("Nothing is new.\n");
  expect(received).toHaveLength(1);

  feed.isDown = true;
  writeFileSync(join(folder, "sky.md"), "# The sky");
  expect(await run()).toMatch(/answered 500; it cannot serve the request now\.\n1 new item\n$/);
  expect(received[1]?.body["markdown"]).toContain("- The sky\n");
});
