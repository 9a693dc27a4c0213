/** A document with its place relative to the index. */
export interface Document {
  readonly path: string;
  readonly text: string;
}

const HEAD = `# Atlas

> A TypeScript SDK for building your own AI gateway: sources bring data in, workflows process it with language models, sinks
> deliver the results. One process, one SQLite file. Start with createGateway() from @atlas/gateway.
`;

/** The index of the documents, as llmstxt.org describes it: a title, a summary, and a list of links with one sentence each. */
export function llmsText(documents: readonly Document[]): string {
  const lines = documents.map(({ path, text }) => `- [${titleOf(text)}](${path}): ${firstSentence(text)}`);
  return `${HEAD}\n## Docs\n\n${lines.join("\n")}\n`;
}

/** All documents in one file, each under a line with its path. */
export function llmsFullText(documents: readonly Document[]): string {
  return `${HEAD}\n${documents.map(({ path, text }) => `<!-- ${path} -->\n\n${text.trim()}\n`).join("\n")}`;
}

function titleOf(markdown: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1] ?? "Untitled";
}

/** The first sentence of the first paragraph, without links. */
function firstSentence(markdown: string): string {
  const paragraph = markdown
    .split(/\n{2,}/)
    .map((block) => block.replaceAll("\n", " ").trim())
    .find((block) => block !== "" && !/^(#|```|\||- |<)/.test(block));
  const plain = (paragraph ?? "").replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  return /^.*?[.:](?= |$)/.exec(plain)?.[0].replace(/:$/, ".") ?? plain;
}
