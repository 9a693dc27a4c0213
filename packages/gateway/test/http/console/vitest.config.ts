import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

const root = `${import.meta.dirname}/../../../../..`;
const conditions = ["@atlas/source", ...defaultServerConditions.filter((name) => name !== "module")];

/** The console in a browser: `npm run test:console`. */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: `${root}/node_modules/.cache/console`,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["*.proof.ts"],
    globalSetup: [`${root}/test/support/no-strays.ts`],
    setupFiles: [`${root}/test/support/no-leaks.ts`],
    // What is polled here waits for a page, which waits for a server.
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One browser at a time.
    fileParallelism: false,
    env: { NODE_OPTIONS: "--conditions=@atlas/source" },
  },
});
