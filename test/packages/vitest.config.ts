import { defineConfig } from "vitest/config";

/** The proof that the packed packages work for a user: `npm run test:packages`. */
export default defineConfig({
  root: import.meta.dirname,
  cacheDir: `${import.meta.dirname}/../../node_modules/.cache/packages`,
  test: {
    include: ["*.proof.ts"],
    globalSetup: [`${import.meta.dirname}/../support/no-strays.ts`],
    setupFiles: [`${import.meta.dirname}/../support/no-leaks.ts`],
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
