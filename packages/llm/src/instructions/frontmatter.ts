/** The fields of a document's frontmatter, and the text below it. */
export interface Frontmatter {
  readonly fields: ReadonlyMap<unknown, unknown>;
  readonly body: string;
}

// Enough for a few fields. The time of the parser grows with the square of some malicious texts.
const LONGEST = 8 * 1024;
const NONE: ReadonlyMap<unknown, unknown> = new Map();

/**
 * Splits a document into its frontmatter (YAML between two lines `---` at its very beginning) and the rest. If a colon in a
 * text makes the YAML invalid (`description: Use when: …`, which is common), the text is read as if it were quoted, with a
 * warning.
 */
export async function parseFrontmatter(text: string, warn: (problem: string) => void): Promise<Frontmatter> {
  const found = /^---[ \t]*\n((?:[\s\S]*?\n)??)---[ \t]*(?:\n|$)/.exec(text.slice(0, LONGEST));
  if (found === null) {
    warn("has no frontmatter: begin it with a line ---, fields such as name and description, and a line ---");
    return { fields: NONE, body: text };
  }
  const [whole, yaml = ""] = found;
  return { fields: (await read(yaml, warn)) ?? NONE, body: text.slice(whole.length) };
}

async function read(
  yaml: string,
  warn: (problem: string) => void,
): Promise<ReadonlyMap<unknown, unknown> | undefined> {
  // Loaded here, so that a host without skills does not load the parser.
  const { parseDocument } = await import("yaml");
  const first = parse(yaml);
  if (!("problem" in first)) return first.fields;
  const second = parse(quoted(yaml));
  if ("problem" in second) {
    warn(`has invalid frontmatter, which is ignored: ${first.problem}`);
    return undefined;
  }
  warn(`has invalid frontmatter, which is read as if its texts were quoted: ${first.problem}`);
  return second.fields;

  function parse(source: string): { readonly fields: ReadonlyMap<unknown, unknown> } | { problem: string } {
    try {
      const document = parseDocument(source, { schema: "core", uniqueKeys: false });
      const [error] = document.errors;
      if (error !== undefined) return { problem: (error.message.split("\n")[0] ?? "").replace(/:$/, "") };
      // As maps, so that a field named __proto__ is harmless.
      const fields: unknown = document.toJS({ mapAsMap: true });
      return fields instanceof Map ? { fields } : { problem: "it is not a list of fields" };
    } catch (error) {
      // Aliases that expand without end, or lists that are nested too deeply.
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** Quotes every plain text on the line of its key, unless it begins with a character that is special in YAML. */
function quoted(yaml: string): string {
  return yaml.replaceAll(/^([ \t]*[\w-]+):[ \t]+([^\s"'[{|>&*!#-].*?)[ \t]*$/gm, (_, key, value) => {
    return `${key}: ${JSON.stringify(value)}`;
  });
}
