import { byId, element } from "../dom/element.js";

/** @import { Place } from "./places.js" */

const NEXT_KEY_MS = 1_200;

/**
 * Shortcuts, while nobody writes. A view takes keys of its own by listening for `atlas:key`.
 *
 * @param {readonly Place[]} places
 */
export function startKeyboard(places) {
  /** Until when a second key goes to a view, after "g". */
  let goesUntil = 0;

  const actions = new Map([
    ["?", () => showShortcuts(places)],
    ["r", () => dispatchEvent(new Event("atlas:refresh"))],
    ["t", () => byId("theme").click()],
    ["/", () => focusFirst("main [data-filter]")],
    ["j", () => moveRow(1)],
    ["k", () => moveRow(-1)],
  ]);

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const place = places.find(({ key }) => key === event.key);
    if (performance.now() < goesUntil && place !== undefined) location.hash = place.address;
    else if (event.key === "g") goesUntil = performance.now() + NEXT_KEY_MS;
    else if (actions.has(event.key)) actions.get(event.key)?.();
    else {
      dispatchEvent(new CustomEvent("atlas:key", { detail: event.key }));
      return;
    }
    if (event.key !== "g") goesUntil = 0;
    event.preventDefault();
  });

  byId("help").addEventListener("click", () => showShortcuts(places));
}

/** @param {EventTarget | null} target */
function isWriting(target) {
  return target instanceof HTMLElement && target.closest("input, select, textarea") !== null;
}

/** @param {string} selector */
function focusFirst(selector) {
  const found = document.querySelector(selector);
  if (found instanceof HTMLElement) found.focus();
}

/** @param {number} step */
function moveRow(step) {
  const rows = [...document.querySelectorAll("main [data-row]")].filter(
    (row) => row instanceof HTMLElement && row.offsetParent !== null,
  );
  const focused = document.activeElement;
  const at = focused === null ? -1 : rows.indexOf(focused);
  const next = rows[at === -1 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
  if (next instanceof HTMLElement) next.focus();
}

/** @param {readonly Place[]} places */
function showShortcuts(places) {
  /** @type {readonly (readonly [readonly string[], string])[]} */
  const keys = [
    ...places.flatMap(({ key, title }) =>
      key === undefined ? [] : [/** @type {const} */ ([["g", key], title])],
    ),
    [["j"], "Next row"],
    [["k"], "Row before"],
    [["Enter"], "Open the row"],
    [["/"], "Filter"],
    [["r"], "Refresh"],
    [["p"], "Pause or resume live events"],
    [["t"], "Change the theme"],
    [["?"], "Shortcuts"],
    [["Esc"], "Close"],
  ];
  const dialog = element(
    "dialog",
    { "aria-labelledby": "shortcuts", onclose: () => dialog.remove() },
    element("h2", { id: "shortcuts" }, "Shortcuts"),
    element(
      "dl",
      { class: "keys" },
      keys.map(([pressed, what]) =>
        element(
          "div",
          {},
          element(
            "dt",
            {},
            pressed.map((key) => [element("kbd", {}, key), " "]),
          ),
          element("dd", {}, what),
        ),
      ),
    ),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", onclick: () => dialog.close() }, "Close"),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
