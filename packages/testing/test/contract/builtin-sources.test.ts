import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sourceContract } from "../../src/contract/index.ts";
import { createSource } from "../fixtures/sources.ts";

const module = new URL("../fixtures/sources.ts", import.meta.url).href;
const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), "world-"));

sourceContract({
  name: "git",
  module,
  open() {
    const folder = temporaryFolder();
    const git = (...args: readonly string[]): string => {
      const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.invalid"];
      return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8", stdio: "pipe" });
    };
    const commit = (subject: string, ...args: readonly string[]) =>
      git("commit", "--quiet", "--allow-empty", "--message", subject, ...args);
    git("init", "--quiet", "--initial-branch", "main");
    commit("one");
    commit("two");
    const place = `git ${folder}`;
    return {
      place,
      source: () => createSource(place),
      change() {
        commit("two, rewritten", "--amend");
        commit("three");
      },
      expected: () => git("rev-list", "HEAD").trim().split("\n"),
      close: () => rmSync(folder, { recursive: true }),
    };
  },
});

sourceContract({
  name: "files",
  module,
  open() {
    const folder = temporaryFolder();
    let names = Array.from({ length: 250 }, (_, index) => `${index}.md`);
    for (const name of names) writeFileSync(join(folder, name), `# ${name}`);
    const place = `files ${folder}`;
    return {
      place,
      source: () => createSource(place),
      change() {
        rmSync(join(folder, "0.md"));
        writeFileSync(join(folder, "1.md"), "# Changed");
        writeFileSync(join(folder, "new.md"), "# New");
        names = [...names.slice(1), "new.md"];
      },
      expected: () => names,
      close: () => rmSync(folder, { recursive: true }),
    };
  },
});

sourceContract({
  name: "rss",
  module,
  async open() {
    let first = 1;
    let last = 120;
    const items = () => Array.from({ length: last - first + 1 }, (_, index) => `item-${first + index}`);
    const server = createServer((request, response) => {
      const etag = `"${first}-${last}"`;
      if (request.headers["if-none-match"] === etag) return void response.writeHead(304).end();
      const listed = items().map((name) => `<item><guid>${name}</guid><title>${name}</title></item>`);
      response.setHeader("etag", etag).end(`<rss><channel>${listed.reverse().join("")}</channel></rss>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const place = `rss http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return {
      place,
      source: () => createSource(place),
      change() {
        first = 20;
        last = 125;
      },
      expected: items,
      async close() {
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
      },
    };
  },
});
