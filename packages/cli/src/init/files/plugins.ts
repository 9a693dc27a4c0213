import type { ProjectFile } from "../project-file.ts";

/** One source, one workflow and one sink: notes in, summaries out. */
export const pluginFiles: readonly ProjectFile[] = [
  {
    path: "src/notes-source.ts",
    text: `import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSource } from "@atlas/gateway";

/** Brings every Markdown file of a folder in. A file that has not changed since writes nothing. */
export function notesSource(folder: string) {
  return defineSource({
    id: "notes",
    schedule: { everyMs: 60_000 },
    async sync(ctx) {
      const names = (await readdir(folder)).filter((name) => name.endsWith(".md"));
      for (const name of names) {
        const text = await readFile(join(folder, name), "utf8");
        void ctx.commands.enqueue({
          type: "entity.upsert",
          entity: { type: "note", source: "notes", external_id: name, title: name, data: { text } },
        });
      }
    },
  });
}
`,
  },
  {
    path: "src/summarize-workflow.ts",
    text: `import { defineWorkflow } from "@atlas/gateway";
import { z } from "zod";

/** Summarizes all notes. A model answers once a routing file names one; until then a mock does, and says so. */
export const summarizeWorkflow = defineWorkflow({
  id: "summarize.v1",
  input: z.object({ style: z.string().default("two sentences") }),
  async run(ctx, { style }) {
    const { items } = await ctx.repo.listEntities({ type: "note" }); // the first 100
    // The result of a step is stored: a retry does not pay for the model call again.
    const summary = await ctx.step("summarize", async () => {
      const { text } = await ctx.llm.generateText({
        system: \`You summarize notes in \${style}.\`,
        prompt: items.map(({ title, data }) => \`# \${title}\\n\${data?.["text"]}\`).join("\\n\\n"),
      });
      return text;
    });
    await ctx.emitArtifact({ type: "summary", title: \`Summary of \${items.length} notes\`, content_md: summary });
    return { notes: items.length };
  },
});
`,
  },
  {
    path: "src/markdown-sink.ts",
    text: `import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSink } from "@atlas/gateway";

/** Writes every summary to a file. An event may be delivered twice; writing the same file twice is harmless. */
export function markdownSink(folder: string) {
  return defineSink({
    id: "markdown",
    on: ["artifact.created"],
    async handle(event, ctx) {
      const artifact = await ctx.repo.getArtifact(event.aggregate_id);
      if (artifact === undefined) return;
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, \`\${artifact.id}.md\`), \`# \${artifact.title}\\n\\n\${artifact.content_md}\\n\`);
    },
  });
}
`,
  },
  { path: "notes/welcome.md", text: "Atlas keeps jobs, events and results in one SQLite file.\n" },
];
