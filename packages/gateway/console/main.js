import { ApiProblem, createApi } from "./app/api.js";
import { startKeyboard } from "./app/keyboard.js";
import { markCurrent, showNavigation, startMenu } from "./app/navigation.js";
import { places } from "./app/places.js";
import { findRoute } from "./app/router.js";
import { createSession } from "./app/session.js";
import { showSignIn } from "./app/sign-in.js";
import { startTheme } from "./app/theme.js";
import { announce } from "./dom/announce.js";
import { byId, element } from "./dom/element.js";
import { keepMomentsRight } from "./dom/moment.js";
import { routes } from "./views/routes.js";

const main = byId("main");
const connection = byId("connection");
const signOut = byId("sign-out");
const session = createSession();
let left = new AbortController();
/** The server takes the token, or wants none. */
let isAdmitted = false;
let isAsking = false;
let isFirst = true;

const api = createApi({
  session,
  onUnauthorized: ask,
  onReach(isReachable) {
    if (connection.hidden === isReachable) return;
    connection.hidden = isReachable;
    connection.textContent = isReachable ? "" : "No connection";
    announce(isReachable ? "The gateway answers again." : "The gateway does not answer.");
  },
});

startTheme(byId("theme"));
startMenu();
startKeyboard(places);
keepMomentsRight();
showNavigation(places, []);
addEventListener("hashchange", show);
byId("skip").addEventListener("click", () => main.focus());
signOut.addEventListener("click", () => {
  session.forget();
  isAdmitted = false;
  show();
});
show();
api.get("console/panels.json").then(
  ({ items }) => {
    showNavigation(places, items);
    markCurrent();
  },
  // The page works without them, and the bar tells when the server is away.
  () => undefined,
);

function show() {
  left.abort();
  left = new AbortController();
  isAsking = false;
  const { signal } = left;
  if (!isAdmitted) return void enter(signal);
  const focused = document.activeElement?.id ?? "";
  signOut.hidden = session.token === undefined;
  const found = findRoute(location.hash, routes);
  if (found === undefined) {
    location.replace("#/");
    return;
  }
  markCurrent();
  const { route, params, query } = found;
  route.show({ api, main, params, query, session, signal });
  // A filter that was changed keeps the focus. Otherwise those who do not see the page hear where they are.
  const again = focused === "" ? null : main.querySelector(`#${CSS.escape(focused)}`);
  const target = again ?? main.querySelector("h1");
  if (target instanceof HTMLElement && !isFirst) target.focus({ preventScroll: true });
  isFirst = false;
  scrollTo(0, 0);
}

/**
 * Asks once whether the token is good, before a view asks for many things: a server counts requests with a wrong one.
 *
 * @param {AbortSignal} signal
 */
async function enter(signal) {
  main.replaceChildren(element("p", { class: "note" }, "Connecting…"));
  try {
    await api.get("/status", { signal, isPatient: false });
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof ApiProblem && error.status === 429) return ask(error.message);
    if (error instanceof ApiProblem && error.status === 401) return ask();
    // The token has other scopes, or nothing answers: the views say so.
  }
  isAdmitted = true;
  show();
}

/** @param {string} [reason] */
function ask(reason) {
  if (isAsking) return;
  isAsking = true;
  isAdmitted = false;
  left.abort();
  signOut.hidden = true;
  markCurrent();
  showSignIn(main, { session, reason, onToken: show });
}
