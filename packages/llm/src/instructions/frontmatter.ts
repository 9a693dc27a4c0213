/** The fields of a document's frontmatter, and what stands below it. */
export interface Frontmatter {
  readonly fields: ReadonlyMap<unknown, unknown>;
  readonly body: string;
}

// A few fields. The parser takes time that grows with the square of some malicious texts.
const LONGEST = 8 * 1024;
const NONE: ReadonlyMap<unknown, unknown> = new Map();

/**
 * Takes a document apart: YAML between two lines `---` at its very beginning, and the rest. Where the YAML is not valid
 * because of a colon in a text (`description: Use when: …`, which is common), it is read as was meant, with a warning.
 */
export async function parseFrontmatter(text: string, warn: (problem: string) => void): Promise<Frontmatter> {
  const found = /^---[ \t]*\n((?:[\s\S]*?\n)??)---[ \t]*(?:\n|$)/.exec(text.slice(0, LONGEST));
  if (found === null) {
    warn("does not begin with frontmatter: a line ---, fields such as name and description, a line ---");
    return { fields: NONE, body: text };
  }
  const [whole, yaml = ""] = found;
  return { fields: (await read(yaml, warn)) ?? NONE, body: text.slice(whole.length) };
}

async function read(
  yaml: string,
  warn: (problem: string) => void,
): Promise<ReadonlyMap<unknown, unknown> | undefined> {
  // Loaded here: a host without skills does not pay for the parser.
  const { parseDocument } = await import("yaml");
  const first = parse(yaml);
  if (!("problem" in first)) return first.fields;
  const second = parse(quoted(yaml));
  if ("problem" in second) {
    warn(`has invalid frontmatter, which is left out: ${first.problem}`);
    return undefined;
  }
  warn(`has invalid frontmatter, read as if its texts were quoted: ${first.problem}`);
  return second.fields;

  function parse(source: string): { readonly fields: ReadonlyMap<unknown, unknown> } | { problem: string } {
    try {
      const document = parseDocument(source, { schema: "core", uniqueKeys: false });
      const [error] = document.errors;
      if (error !== undefined) return { problem: (error.message.split("\n")[0] ?? "").replace(/:$/, "") };
      // As maps, so that a field named __proto__ is a field like any other.
      const fields: unknown = document.toJS({ mapAsMap: true });
      return fields instanceof Map ? { fields } : { problem: "it is not a list of fields" };
    } catch (error) {
      // Aliases that stand for more and more aliases, or lists nested without end.
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** Quotes every plain text that stands on one line with its key, unless it is of a kind that YAML reads otherwise. */
function quoted(yaml: string): string {
  return yaml.replaceAll(/^([ \t]*[\w-]+):[ \t]+([^\s"'[{|>&*!#-].*?)[ \t]*$/gm, (_, key, value) => {
    return `${key}: ${JSON.stringify(value)}`;
  });
}
