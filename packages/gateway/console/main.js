import { createApi } from "./app/api.js";
import { startKeyboard } from "./app/keyboard.js";
import { markCurrent, showNavigation, startMenu } from "./app/navigation.js";
import { places } from "./app/places.js";
import { findRoute } from "./app/router.js";
import { createSession } from "./app/session.js";
import { showSignIn } from "./app/sign-in.js";
import { startTheme } from "./app/theme.js";
import { announce } from "./dom/announce.js";
import { byId } from "./dom/element.js";
import { keepMomentsRight } from "./dom/moment.js";
import { routes } from "./views/routes.js";

const main = byId("main");
const connection = byId("connection");
const signOut = byId("sign-out");
const session = createSession();
let left = new AbortController();
let isAsking = false;

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
  location.hash = "#/";
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
  const focused = document.activeElement?.id ?? "";
  signOut.hidden = session.token === undefined;
  const found = findRoute(location.hash, routes);
  if (found === undefined) {
    location.replace("#/");
    return;
  }
  markCurrent();
  const { route, params, query } = found;
  route.show({ api, main, params, query, session, signal: left.signal });
  // A filter that was changed keeps the focus. Otherwise those who do not see the page hear where they are.
  const again = focused === "" ? null : main.querySelector(`#${CSS.escape(focused)}`);
  const target = again ?? main.querySelector("h1");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function ask() {
  if (isAsking) return;
  isAsking = true;
  left.abort();
  signOut.hidden = true;
  showSignIn(main, { session, onToken: show });
}
