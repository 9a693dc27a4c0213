import type { ProjectFile } from "../project-file.ts";

/** The versions that a new project asks for. */
export interface Versions {
  /** Of all packages of Atlas. */
  readonly atlas: string;
  /** The range of Node that they need. */
  readonly node: string;
  readonly kysely: string;
  readonly zod: string;
}

/** What configures the project and its tools. */
export function settingFiles(name: string, versions: Versions): readonly ProjectFile[] {
  const { atlas, node, kysely, zod } = versions;
  const manifest = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node },
    scripts: { start: "atlas start", test: "node --test", typecheck: "tsc" },
    dependencies: { "@atlas/cli": atlas, "@atlas/gateway": atlas, kysely, zod },
    devDependencies: { "@atlas/testing": atlas, "@types/node": "^22.18.0", typescript: ">=5.9" },
  };
  const compilerOptions = {
    target: "es2023",
    module: "nodenext",
    types: ["node"],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
  };
  return [
    { path: "package.json", text: json(manifest) },
    { path: "tsconfig.json", text: json({ compilerOptions, include: ["*.ts", "src", "test"] }) },
    { path: ".gitignore", text: "node_modules/\ndata/\nout/\n.env\n" },
    {
      path: "atlas.config.ts",
      text: `import { defineConfig } from "@atlas/cli";
import { markdownSink } from "./src/markdown-sink.ts";
import { notesSource } from "./src/notes-source.ts";
import { summarizeWorkflow } from "./src/summarize-workflow.ts";

// Paths are relative to this file.
export default defineConfig({
  database: "data/atlas.db",
  // routing: "gateway.routing.json", // which models to ask; without it, a mock answers
  sources: [notesSource("notes")],
  workflows: [summarizeWorkflow],
  sinks: [markdownSink("out")],
  http: { port: 4400 },
});
`,
    },
  ];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
