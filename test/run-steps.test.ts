import { expect, it, vi } from "vitest";
import { runSteps } from "../scripts/run-steps.ts";

const exits = (condition: string) => ["node", "-e", `process.exit(${condition} ? 0 : 3)`] as const;

it("gives a step the flags that a script set after its imports, and what the step adds", () => {
  vi.stubEnv("ATLAS_PROOF", "--next");
  try {
    const flag = { name: "flag", command: exits('process.env.ATLAS_PROOF === "--next"') };
    const added = { name: "added", command: exits('process.env.ADDED === "1"'), env: { ADDED: "1" } };
    expect(runSteps([flag, added]).exitCode).toBe(0);
  } finally {
    vi.unstubAllEnvs();
  }
});

it("ends with the first step that fails", () => {
  const failing = { name: "failing", command: exits("false") };
  expect(runSteps([failing, { name: "next", command: exits("true") }]).exitCode).not.toBe(0);
});
