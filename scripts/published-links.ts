import { posix } from "node:path";

/** Where each document of the repository lies in a package: from the path in the repository to the path in the package. */
export type Shipped = ReadonlyMap<string, string>;

const { dirname, join, relative } = posix;

/**
 * The text of a Markdown document with its relative links made to work inside an installed package. `path` is the document's
 * place in the repository. A link to a document that the package ships leads to it. Any other link becomes its text and, for a
 * document, the name of the package that has it.
 */
export function publishedLinks(markdown: string, path: string, shipped: Shipped): string {
  return markdown.replaceAll(
    /\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)/g,
    (_, text: string, target: string, anchor = "") => {
      const file = join(dirname(path), target);
      const place = shipped.get(file);
      const from = shipped.get(path);
      if (place !== undefined && from !== undefined) {
        return `[${text}](${relative(dirname(from), place)}${anchor})`;
      }
      if (/^packages\/[\w-]+\/README\.md$/.test(file)) return text;
      if (file.startsWith("docs/")) return `${text} (\`${file}\` in \`@atlas/gateway\`)`;
      return `${text} (\`${file}\` in the repository)`;
    },
  );
}

/** The files of the repository that a Markdown document links to. */
export function linkedFiles(markdown: string, path: string): readonly string[] {
  return [...markdown.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = ""]) =>
    join(dirname(path), target),
  );
}
