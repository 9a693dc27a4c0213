import type { PathBytes } from "../files/path-bytes.ts";

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};

/**
 * Reads a path that git has put in quotes because of unusual characters, from the start of a text. Returns it with the rest of the text;
 * `undefined` if the quotes are not closed or an escape is unknown.
 */
export function unquotePath(text: string): { readonly path: PathBytes; readonly rest: string } | undefined {
  let path = "";
  for (let at = 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') return { path, rest: text.slice(at + 1) };
    if (character !== "\\") {
      path += character;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const plain = escapes[text[at + 1] ?? ""];
    if (octal !== undefined) path += String.fromCharCode(Number.parseInt(octal, 8));
    else if (plain !== undefined) path += plain;
    else return undefined;
    at += octal === undefined ? 1 : 3;
  }
  return undefined;
}
