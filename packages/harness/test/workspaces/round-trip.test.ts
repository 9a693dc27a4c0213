import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { applyDiff } from "../../src/index.ts";
import { createFolder, createRepository, fingerprint } from "./support/repository.ts";
import { createState } from "./support/state.ts";

const path = fc.constantFrom(
  "a",
  "b.txt",
  "dir/a",
  "dir/b c",
  "dir/deep/x",
  "ä",
  'q"uo\\te',
  "new\nline",
  "-dash",
  "[x]*",
);
const text = fc
  .array(
    fc.constantFrom(
      "",
      "one",
      "two",
      "three",
      "--- a/x",
      "+++ b/x",
      "@@ -1 +1 @@",
      "diff --git a/x b/x",
      "\\ No newline",
      "ä",
      "tab\t",
      "cr\r",
    ),
    { maxLength: 40 },
  )
  .chain((lines) => fc.constantFrom(lines.join("\n"), `${lines.join("\n")}\n`))
  .map((content) => Buffer.from(content));
const bytes = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content));
const content = fc.oneof(text, text, bytes);
const edit = fc.oneof(
  fc.record({ do: fc.constant("write" as const), path, content }),
  fc.record({ do: fc.constant("insert" as const), path, at: fc.nat(20) }),
  fc.record({ do: fc.constant("remove" as const), path: fc.oneof(path, fc.constant("dir")) }),
  fc.record({ do: fc.constant("move" as const), path, to: path }),
  fc.record({ do: fc.constant("link" as const), path, to: path }),
  fc.record({ do: fc.constant("mode" as const), path, isExecutable: fc.boolean() }),
);
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

/** Does what is possible. */
function perform(root: string, step: Edit): void {
  try {
    change(root, step);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

function change(root: string, step: Edit): void {
  const file = join(root, step.path);
  switch (step.do) {
    case "remove":
      rmSync(file, { recursive: true, force: true });
      break;
    case "mode":
      chmodSync(file, step.isExecutable ? 0o755 : 0o644);
      break;
    case "insert": {
      const lines = readFileSync(file, "latin1").split("\n");
      lines.splice(step.at, 0, "inserted");
      writeFileSync(file, lines.join("\n"), "latin1");
      break;
    }
    case "write":
      rmSync(file, { recursive: true, force: true });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, step.content);
      break;
    case "link":
      rmSync(file, { recursive: true, force: true });
      symlinkSync(step.to, file);
      break;
    case "move":
      mkdirSync(dirname(join(root, step.to)), { recursive: true });
      renameSync(file, join(root, step.to));
      break;
    default:
      step satisfies never;
  }
}

/** Git knows no empty folders. */
function withoutFolders(root: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fingerprint(root, [".git"])).filter(([, kind]) => !kind.startsWith("folder")),
  );
}

// A run starts git some twenty times.
const RUNS = Number(process.env["ATLAS_TEST_RUNS"] ?? 6);

it(
  "makes of the caller's files those of the agent, whatever it did with them",
  async () => {
    using state = createState();
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { maxLength: 8 }),
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        async (before, after) => {
          using repository = createRepository();
          using fresh = createFolder();
          for (const step of before) perform(repository.path, step);
          for (const step of before) perform(fresh.path, step);
          const workspace = await state.open(repository, { mode: "apply" });
          expect(withoutFolders(workspace.cwd)).toEqual(withoutFolders(repository.path));
          for (const step of after) perform(workspace.cwd, step);
          const { diff } = await workspace.changes();
          const expected = withoutFolders(workspace.cwd);
          await applyDiff(diff, fresh.path);
          expect(withoutFolders(fresh.path)).toEqual(expected);
          await workspace.mergeBack();
          expect(withoutFolders(repository.path)).toEqual(expected);
          await workspace.close();
        },
      ),
      { numRuns: RUNS },
    );
  },
  30_000 + RUNS * 1_000,
);
