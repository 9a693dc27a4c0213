// Lays out what is published of each package, from its build: `dist/packages/<name>`.
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { llmsFullText, llmsText } from "./llms-text.ts";
import { linkedFiles, publishedLinks, type Shipped } from "./published-links.ts";
import { publishedManifest, type WorkspaceManifest } from "./published-manifest.ts";
import { root } from "./run-steps.ts";

/** The folder that holds the staged packages, relative to the root. Each package.json names its own in `publishConfig`. */
export const STAGED = "dist/packages";

// This package ships all documents and the schema of the routing file, so that users need no other package for them.
const COMPLETE = "gateway";
const ROUTING_SCHEMA = "packages/routing/gateway.routing.schema.json";

/** Stages one package and returns its folder. The package must have been built. */
export function stagePackage(name: string): string {
  const source = join(root, "packages", name);
  const folder = join(root, STAGED, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });

  const manifest = JSON.parse(read(`packages/${name}/package.json`)) as WorkspaceManifest;
  write(folder, "package.json", `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  const copied = (manifest["files"] as readonly string[]).filter(
    (file) => !/\.md$|^docs$|^routing\./.test(file),
  );
  for (const file of copied) cpSync(join(source, file), join(folder, file), { recursive: true });

  const shipped = documentsOf(name);
  for (const [path, place] of shipped) write(folder, place, publishedLinks(read(path), path, shipped));
  if (name === COMPLETE) {
    cpSync(join(root, ROUTING_SCHEMA), join(folder, "routing.schema.json"));
    const documents = [...shipped]
      .filter(([path]) => path.startsWith("docs/") && !path.startsWith("docs/decisions/"))
      .map(([, place]) => ({
        path: place.slice("docs/".length),
        text: readFileSync(join(folder, place), "utf8"),
      }));
    write(folder, "docs/llms.txt", llmsText(documents));
    write(folder, "docs/llms-full.txt", llmsFullText(documents));
  }
  return folder;
}

/** The documents that a package ships: its README and what that links to, or everything. */
function documentsOf(name: string): Shipped {
  const readme = `packages/${name}/README.md`;
  const documents =
    name === COMPLETE
      ? ["docs/guides/*.md", "docs/*.md", "docs/decisions/*.md"].flatMap((pattern) =>
          globSync(pattern, { cwd: root })
            .map((path) => path.replaceAll("\\", "/"))
            .sort(),
        )
      : linkedFiles(read(readme), readme).filter((path) => path.startsWith("docs/"));
  return new Map([[readme, "README.md"], ...documents.map((path) => [path, path] as const)]);
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
