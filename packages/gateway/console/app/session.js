const KEY = "atlas.token";
const IN_ADDRESS = "#token=";

/**
 * The token of this tab. It is kept until the tab is closed, and sent nowhere but to this server.
 *
 * @typedef {ReturnType<typeof createSession>} Session
 */

/** The session of this tab. A token in the address is taken over, and removed from there before anything else happens. */
export function createSession() {
  const { hash, pathname, search } = location;
  if (hash.startsWith(IN_ADDRESS)) {
    history.replaceState(null, "", `${pathname}${search}#/`);
    sessionStorage.setItem(KEY, decode(hash.slice(IN_ADDRESS.length)));
  }
  return {
    get token() {
      return sessionStorage.getItem(KEY) ?? undefined;
    },
    /** @param {string} token */
    keep(token) {
      sessionStorage.setItem(KEY, token);
    },
    forget() {
      sessionStorage.removeItem(KEY);
    },
  };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
