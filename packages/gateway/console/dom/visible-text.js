// They turn the order of the characters around them, up to the end of what they stand in: a text could read as another one.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;
// Beside these, everything that nobody sees. The tags of U+E0000 are pairs of characters.
const UNSEEN =
  /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/**
 * A text of somebody else, with what turns the order of characters written out. Joiners and marks stay: languages need them.
 *
 * @param {string} text
 */
export function inOrder(text) {
  return text.replaceAll(TURNING, escaped);
}

/**
 * JSON with everything written out that nobody sees, as JSON can write it.
 *
 * @param {string} json
 */
export function allVisible(json) {
  return json.replaceAll(UNSEEN, escaped);
}

/** @param {string} found */
function escaped(found) {
  return Array.from(
    { length: found.length },
    (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
