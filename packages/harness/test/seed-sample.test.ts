import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseRoutingConfig } from "@atlas/routing";
import { expect, it, onTestFinished } from "vitest";
import { createHarnessRouter, type HarnessRouterOptions } from "../src/index.ts";

// Both parts of "Adding a New Harness" of the design document, as they stand there.
const file = {
  harnesses: {
    "my-tool": {
      command: "my-cli-tool",
      args_template: ["--task", "{goal}", "--dir", "{cwd}"],
      output_parsers: {
        diff: { type: "stdout_all" },
      },
      timeout_ms: 180000,
    },
  },
  harness: {
    profiles: {
      quality: ["my-tool", "codex-cli", "noop"],
    },
  },
};

const diff = `--- a/main.ts
+++ b/main.ts
@@ -1 +1,2 @@
 start();
+// with error handling
`;

/** A router by the file of the design document, with a program of that name in PATH. */
function createSample(program: string | undefined, rest: Partial<HarnessRouterOptions> = {}) {
  const folder = mkdtempSync(join(process.cwd(), "sample-"));
  const [bin, src, stateDir] = [join(folder, "bin"), join(folder, "src"), join(folder, "state")];
  mkdirSync(bin);
  mkdirSync(src);
  writeFileSync(join(src, "main.ts"), "start();\n");
  if (program !== undefined) {
    writeFileSync(join(bin, "my-cli-tool"), `#!/bin/sh\n${program}\n`);
    chmodSync(join(bin, "my-cli-tool"), 0o755);
  }
  const { harness: config, harnesses } = parseRoutingConfig(file);
  const router = createHarnessRouter({
    stateDir,
    config,
    harnesses,
    env: { PATH: `${bin}:/usr/bin:/bin`, GATEWAY_KEY: "secret" },
    ...rest,
  });
  onTestFinished(async () => {
    await router.stop();
    const left = readdirSync(stateDir, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.includes("/"),
    );
    rmSync(folder, { recursive: true });
    expect(left).toEqual([]);
  });
  return { router, src, main: () => readFileSync(join(src, "main.ts"), "utf8") };
}

it("returns what a program of the design document prints as a difference", async () => {
  const { router, src, main } =
    createSample(`[ "$1" = --task ] && [ "$3" = --dir ] && [ "$4" = "$PWD" ] || exit 9
[ -z "$GATEWAY_KEY" ] || exit 8
cat <<'END'
${diff}END`);
  await router.start();
  const result = await router.runTask({
    goal: "Add error handling to main.ts",
    cwd: src,
    mode: "propose",
    profile: "quality",
  });
  expect(result).toMatchObject({
    mode: "propose",
    summary: '"my-tool" proposed changes, and said nothing else.',
    outputs: [{ type: "diff", diff, source: "agent", name: "diff" }],
    harness: "my-tool",
    exitCode: 0,
  });
  expect(main()).toBe("start();\n");
});

it("computes the difference of what the program changes, and applies it when it is asked to", async () => {
  const { router, src, main } = createSample(`echo "// $2" >> main.ts`);
  const proposed = await router.runTask({ goal: "Add error handling", cwd: src });
  expect(proposed.outputs).toEqual([
    { type: "diff", diff: expect.stringContaining("+// Add error handling\n"), source: "workspace" },
  ]);
  expect(proposed.files).toEqual([{ path: "main.ts", change: "modified" }]);
  expect(main()).toBe("start();\n");
  await router.runTask({ goal: "Add error handling", cwd: src, mode: "apply" });
  expect(main()).toBe("start();\n// Add error handling\n");
});

it("leaves the files alone where the program fails after it has changed them", async () => {
  const { router, src, main } = createSample("echo broken > main.ts; exit 3");
  await expect(router.runTask({ goal: "Add error handling", cwd: src, mode: "apply" })).rejects.toMatchObject(
    {
      code: "ATLAS_HARNESS_FAILED",
      details: { harness: "my-tool", exitCode: 3, diff: expect.stringContaining("+broken") },
    },
  );
  expect(main()).toBe("start();\n");
});

it("says that noop stood in where no program is installed", async () => {
  const { router, src } = createSample(undefined);
  const { degraded, route } = await router.runTask({ goal: "Add error handling", cwd: src });
  expect(degraded).toBe(true);
  expect(route?.skipped.map(({ candidate }) => candidate)).toEqual(["my-tool", "codex-cli"]);
  expect(route?.skipped[0]?.reason).toMatch(/"my-cli-tool" was not found/);
});
