import { readdirSync, readFileSync } from "node:fs";
import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Tests run the sources of the workspace's packages, never their `dist`.
// Without `module`, which is for bundlers: Node does not resolve by it, and some packages hold files there that it cannot load.
const conditions = ["@atlas/source", ...defaultServerConditions.filter((name) => name !== "module")];
const root = import.meta.dirname;

const project = (name: string, folder: string) => ({
  extends: true as const,
  root: folder === "." ? root : `${root}/${folder}`,
  test: {
    name,
    environment: "node" as const,
    include: ["test/**/*.test.ts"],
    setupFiles: [`${root}/test/support/no-leaks.ts`],
  },
});

function nameOf(folder: string): string {
  return (JSON.parse(readFileSync(`${root}/${folder}/package.json`, "utf8")) as { readonly name: string })
    .name;
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    globalSetup: [`${root}/test/support/no-strays.ts`],
    // Against tests that hang. How fast something is, no test asks: a busy machine must not fail one.
    testTimeout: 30_000,
    // One for each core: most of the time goes into child processes that are waited for.
    maxWorkers: "100%",
    // A process for each file would import the same packages hundreds of times: a third of the processor time.
    isolate: false,
    hookTimeout: 30_000,
    env: {
      // Processes that a test spawns run the sources too.
      NODE_OPTIONS: "--conditions=@atlas/source",
      // They keep what they compiled: a spawned gateway starts in half the time.
      NODE_COMPILE_CACHE: `${root}/node_modules/.cache/node`,
    },
    projects: [
      ...readdirSync(`${root}/packages`).map((name) =>
        project(nameOf(`packages/${name}`), `packages/${name}`),
      ),
      ...readdirSync(`${root}/examples`).map((name) => project(`examples/${name}`, `examples/${name}`)),
      project("workspace", "."),
    ],
  },
});
