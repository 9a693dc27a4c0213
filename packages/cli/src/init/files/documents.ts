import type { ProjectFile } from "../project-file.ts";

/** The README and the test. */
export function documentFiles(name: string): readonly ProjectFile[] {
  return [
    {
      path: "test/summarize.test.ts",
      text: `import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createMockLLM, createTestGateway } from "@atlas/testing";
import { markdownSink } from "../src/markdown-sink.ts";
import { notesSource } from "../src/notes-source.ts";
import { summarizeWorkflow } from "../src/summarize-workflow.ts";

test("summarizes the notes and writes a file", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "summarize-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "note.md"), "Tea at four.");
  const out = join(folder, "out");

  const llm = createMockLLM({ script: ["Somebody drinks tea."] });
  const gateway = await createTestGateway({
    sources: [notesSource(folder)],
    workflows: [summarizeWorkflow],
    sinks: [markdownSink(out)],
    llm,
  });
  try {
    await gateway.sync("notes");
    const { id } = await gateway.jobs.create({ workflow_id: "summarize.v1" });
    const job = await gateway.jobs.wait(id);
    assert.deepEqual(job.result, { notes: 1 });
    assert.match(llm.calls[0]?.prompt ?? "", /Tea at four/);
  } finally {
    await gateway.stop(); // delivers what is committed
  }
  const [file = ""] = await readdir(out);
  assert.match(await readFile(join(out, file), "utf8"), /Somebody drinks tea/);
});
`,
    },
    {
      path: "README.md",
      text: `# ${name}

A gateway on [Atlas](https://example.invalid/atlas): it reads the notes in \`notes/\`, summarizes them, and writes summaries to \`out/\`.

\`\`\`sh
npm install
npm test                              # green without a network or a key
npm start                             # runs the gateway; Ctrl-C stops it
npx atlas jobs create summarize.v1    # in another terminal
npx atlas jobs ls
npx atlas doctor                      # what is configured, and what is missing
\`\`\`

A mock answers until a routing file names a model. Create \`gateway.routing.json\`, name it in \`atlas.config.ts\`, install the
package of the provider, and set its key in the environment:

\`\`\`json
{ "llm": { "profiles": { "balanced": ["openai-mini"] } } }
\`\`\`
`,
    },
  ];
}
