/** @import { View } from "./view.js" */

/**
 * A view and its place: `/jobs/:id`.
 *
 * @typedef {object} Route
 * @property {string} path
 * @property {(view: View) => void} show
 */

/**
 * Finds the route for the part of the address behind `#`.
 *
 * @param {string} hash
 * @param {readonly Route[]} routes
 */
export function findRoute(hash, routes) {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const parts = path.split("/").filter((part) => part !== "");
  for (const route of routes) {
    const wanted = route.path.split("/").filter((part) => part !== "");
    const params = match(wanted, parts);
    if (params !== undefined) return { route, params, query: new URLSearchParams(query) };
  }
  return undefined;
}

/**
 * @param {readonly string[]} wanted
 * @param {readonly string[]} parts
 */
function match(wanted, parts) {
  if (wanted.length !== parts.length) return undefined;
  /** @type {string[]} */
  const params = [];
  for (const [place, name] of wanted.entries()) {
    const part = parts[place] ?? "";
    if (name.startsWith(":")) params.push(decode(part));
    else if (name !== part) return undefined;
  }
  return params;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The address of a view. Names are encoded, and empty values of the query left out.
 *
 * @param {string} path `/jobs/:id`
 * @param {readonly string[]} [names]
 * @param {Readonly<Record<string, string | undefined>>} [query]
 */
export function addressOf(path, names = [], query = {}) {
  const rest = [...names];
  const filled = path.replaceAll(/:\w+/g, () => encodeURIComponent(rest.shift() ?? ""));
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") params.set(name, value);
  return `#${filled}${params.size === 0 ? "" : `?${params}`}`;
}
