import { SaxesParser } from "saxes";

/** An element: its name with the usual prefix of its namespace, and its content. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text in it and its descendants. */
  readonly text: string;
}

/** The text is not well-formed XML; `line` says where. */
export class XmlError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const PREFIXES: ReadonlyMap<string, string> = new Map([
  ["", ""],
  ["http://www.w3.org/2005/Atom", "atom:"],
  ["http://purl.org/rss/1.0/", ""],
  ["http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:"],
  ["http://purl.org/dc/elements/1.1/", "dc:"],
  ["http://purl.org/rss/1.0/modules/content/", "content:"],
]);

const MAX_DEPTH = 100;
const MAX_ELEMENTS = 200_000;

interface OpenElement extends XmlElement {
  readonly children: OpenElement[];
  text: string;
}

/**
 * Reads a whole document. It is strict, except that it keeps the named characters of HTML as they are, which feeds are full of. It never
 * expands entities that a document defines itself.
 */
export function parseXml(xml: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  let elements = 0;

  const fail = (message: string): never => {
    throw new XmlError(message, parser.line);
  };
  const addText = (text: string): void => {
    const top = open.at(-1);
    if (top !== undefined) top.text += text;
  };
  parser.on("error", ({ message }) => {
    if (!message.endsWith("undefined entity.")) fail(message.replace(/^\d+:\d+: /, ""));
  });
  parser.on("opentag", ({ uri, local, attributes }) => {
    elements += 1;
    if (open.length >= MAX_DEPTH) fail(`elements lie more than ${MAX_DEPTH} deep`);
    if (elements > MAX_ELEMENTS) fail(`it has more than ${MAX_ELEMENTS} elements`);
    const prefix = PREFIXES.get(uri) ?? "other:";
    const named = Object.values(attributes).map((attribute) => [attribute.local, attribute.value]);
    const element: OpenElement = {
      name: `${prefix}${local}`,
      attributes: Object.fromEntries(named),
      children: [],
      text: "",
    };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("closetag", () => {
    const closed = open.pop();
    addText(closed?.text ?? "");
  });
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(xml).close();
  return root ?? fail("it has no element");
}
