// Below this length the inside of a base64 text is too short to tell it from chance.
const SHORTEST_EMBEDDED = 8;

/** Every way in which services and clients write a secret: as it is, for a URL, for JSON, for HTML, in base64 and in hex. */
export function spellingsOf(secret: string): readonly string[] {
  const whole = secret.toWellFormed();
  const url = encodeURIComponent(whole);
  const json = JSON.stringify(secret).slice(1, -1);
  const bytes = Buffer.from(secret);
  return [
    ...new Set([
      secret,
      url,
      inLowerCase(url),
      url.replaceAll("%20", "+"),
      encodeURIComponent(url),
      json,
      // A JSON text inside of a JSON text, as in an error that quotes the body of a request.
      JSON.stringify(json).slice(1, -1),
      json.replaceAll("/", "\\/"),
      // What some serializers do with characters that have a meaning in HTML.
      json.replaceAll(/[&<>'+=]/g, (character) => unicodeEscape(character)),
      secret
        .replaceAll("&", "&amp;")
        .replaceAll("<", "&lt;")
        .replaceAll(">", "&gt;")
        .replaceAll('"', "&quot;"),
      bytes.toString("base64"),
      bytes.toString("base64url"),
      ...(secret.length < SHORTEST_EMBEDDED
        ? []
        : [...embedded(bytes, "base64"), ...embedded(bytes, "base64url"), ...inHex(bytes)]),
    ]),
  ];
}

/**
 * What a secret looks like inside of a longer text in base64, such as `user:key`: three bytes become four characters, so there
 * are three cases. Characters that depend on the neighbours are left out.
 */
function embedded(bytes: Buffer, encoding: "base64" | "base64url"): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
}

function inHex(bytes: Buffer): readonly string[] {
  const hex = bytes.toString("hex");
  return [hex, hex.toUpperCase()];
}

/** Percent-encoding may be written in either case. */
function inLowerCase(url: string): string {
  return url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
