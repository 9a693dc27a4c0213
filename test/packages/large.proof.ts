import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readText } from "../support/checkout.ts";
import { programsIn } from "../support/documents.ts";
import { type Consumer, createConsumer, ownVersion, tarballs } from "./consumer.ts";

// Each downloads a tool that this repository does not use, so they run where they are asked for: in CI, and by
// `npm run test:packages -- --next --pnpm`. The versions are pinned: a release of others must not fail our CI.
const PNPM = "12.21.0";
const NEXT = { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" };
const flags = (process.env["ATLAS_PROOF"] ?? "").split(" ");
const INSTALL_MS = 300_000;
const peers = { kysely: ownVersion("kysely"), zod: ownVersion("zod") };

function consumerIn(name: string, manifest: object): Consumer {
  const consumer = createConsumer(join(process.cwd(), name), manifest);
  onTestFinished(() => consumer.remove());
  return consumer;
}

it.runIf(flags.includes("--pnpm"))(
  "pnpm: @atlas/gateway and its peers are enough for sources, workflows and sinks",
  async () => {
    const consumer = consumerIn("pnpm", {
      type: "module",
      dependencies: { "@atlas/gateway": tarballs["@atlas/gateway"], ...peers },
    });
    // The packages are in no registry: those that the gateway needs come from tarballs too.
    const overrides = Object.entries(tarballs).map(([name, file]) => `  "${name}": "${file}"\n`);
    consumer.write(
      "pnpm-workspace.yaml",
      `overrides:\n${overrides.join("")}storeDir: ${join(consumer.folder, "store")}\n`,
    );
    const installed = await consumer.run("npx", ["-y", `pnpm@${PNPM}`, "install"], INSTALL_MS);
    expect(installed.code, installed.output).toBe(0);

    consumer.write(
      "app.ts",
      `import { createGateway, defineSink, defineSource, defineWorkflow, openReadOnly, silentLogger, withInstructions } from "@atlas/gateway";
      console.log([defineSink, defineSource, defineWorkflow, openReadOnly, withInstructions, silentLogger.info].every((it) => typeof it === "function"));
      const gateway = await createGateway({ database: ":memory:" });
      await gateway.stop();`,
    );
    expect(await consumer.run(process.execPath, ["app.ts"])).toEqual({ code: 0, output: "true\n" });
    const [readme] = programsIn("README.md", readText("README.md"));
    consumer.write("readme.ts", readme?.text ?? "");
    expect((await consumer.run(process.execPath, ["readme.ts"])).output).toMatch(/^succeeded\nmock: /m);
  },
  2 * INSTALL_MS,
);

it.runIf(flags.includes("--next"))(
  "Next.js: a route opens a gateway and makes a backup when Atlas is in serverExternalPackages",
  async () => {
    const consumer = consumerIn("next", {
      type: "module",
      dependencies: { ...tarballs, ...peers, ...NEXT },
    });
    const installed = await consumer.run("npm", ["install", "--no-audit", "--no-fund"], INSTALL_MS);
    expect(installed.code, installed.output).toBe(0);
    consumer.write(
      "next.config.mjs",
      `export default { serverExternalPackages: [${Object.keys(tarballs)
        .map((name) => `"${name}", `)
        .join("")}"better-sqlite3"] };`,
    );
    consumer.write(
      "app/layout.js",
      "export default function Layout({ children }) { return <html><body>{children}</body></html>; }",
    );
    consumer.write(
      "app/probe/route.js",
      `import { createGateway } from "@atlas/gateway";
      export const runtime = "nodejs";
      export const dynamic = "force-dynamic";
      export async function GET() {
        const gateway = await createGateway({ database: "next.db" });
        await gateway.store.backup("next.db.backup");
        await gateway.stop();
        return Response.json({ backup: "made" });
      }`,
    );
    // Starts the server on any free port, asks once, and ends it.
    consumer.write(
      "probe.mjs",
      `import { spawn } from "node:child_process";
      const server = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
      let output = "";
      const address = await new Promise((resolve) => server.stdout.setEncoding("utf8").on("data", (text) => {
        output += text;
        const found = /http:\\/\\/localhost:\\d+/.exec(output);
        if (found) resolve(found[0]);
      }));
      const response = await fetch(address + "/probe");
      console.log(response.status, await response.text());
      server.kill();`,
    );
    const built = await consumer.tool("next", ["build"]);
    expect(built.code, built.output).toBe(0);
    expect((await consumer.run(process.execPath, ["probe.mjs"])).output).toMatch(
      /^200 \{"backup":"made"\}$/m,
    );
  },
  2 * INSTALL_MS,
);
