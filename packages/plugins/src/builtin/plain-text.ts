// A name for what is often met in feeds; everything else of HTML's 2,000 names stays as it stands.
const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  bdquo: "„",
  bull: "•",
  copy: "©",
  gt: ">",
  hellip: "…",
  laquo: "«",
  ldquo: "“",
  lsquo: "‘",
  lt: "<",
  mdash: "—",
  middot: "·",
  nbsp: "\u00a0",
  ndash: "–",
  quot: '"',
  raquo: "»",
  rdquo: "”",
  reg: "®",
  rsquo: "’",
  shy: "",
  trade: "™",
};

/** A line of text: no control characters, single spaces, at most `maxCharacters` long. */
export function oneLine(text: string, maxCharacters: number): string {
  const line = text.slice(0, maxCharacters * 2).replaceAll(/[\s\p{Cc}]+/gu, " ");
  return line.trim().slice(0, maxCharacters).toWellFormed();
}

/** What a reader sees of an HTML fragment, on one line. */
export function htmlToLine(html: string, maxCharacters: number): string {
  // Neither pattern can begin twice at one place, so hostile input costs no more than its length.
  return oneLine(decodeEntities(html.replaceAll(/<[^<>]*>/g, " ")), maxCharacters);
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z]{2,8});/g, (whole, name: string) => {
    if (!name.startsWith("#")) return Object.hasOwn(NAMED, name) ? (NAMED[name] ?? whole) : whole;
    const isHex = name[1] === "x" || name[1] === "X";
    const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
