import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

let made = 0;

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  made += 1;
  const folder = join(process.cwd(), `project-${made}`);
  mkdirSync(folder);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A configuration whose plugins need no package: each workflow is there for one thing that commands do. */
export const CONFIG = `
const count = async (ctx, input) => ({ said: input.word ?? "nothing" });
export default {
  database: "data/atlas.db",
  http: { port: 0 },
  sources: [
    {
      id: "notes",
      async sync(ctx) {
        void ctx.commands.enqueue({ type: "entity.upsert", entity: { id: "note-1", type: "note", title: "A note" } });
      },
    },
    { id: "broken", async sync() { throw new Error("The service is away."); } },
  ],
  workflows: [
    { id: "say.v1", run: count },
    { id: "fail.v1", retry: { maxAttempts: 1 }, run: async () => { throw new Error("It cannot \\u001b[31mwork."); } },
    { id: "ask.v1", run: async (ctx) => { const { value } = await ctx.wait("answer"); return { value }; } },
    {
      id: "model.v1",
      run: async (ctx) => {
        ctx.log.info({}, "Asks a model.");
        ctx.progress({ done: 1, total: 2, message: "half" });
        return ctx.step("ask", async () => (await ctx.llm.generateText({ prompt: "Ahoy" })).text);
      },
    },
  ],
};
`;

/** A folder with a configuration and other files. */
export function project(files: Readonly<Record<string, string>> = { "atlas.config.ts": CONFIG }): string {
  const folder = emptyFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
