import { byId, element } from "../dom/element.js";
import { addressOf } from "./router.js";

/** @import { Panel } from "../../src/http/console/records.ts" */
/** @import { Place } from "./places.js" */

/**
 * Fills the list of views: those of Atlas, and the panels of extensions.
 *
 * @param {readonly Place[]} places
 * @param {readonly Panel[]} panels
 */
export function showNavigation(places, panels) {
  const entries = [
    ...places.map(({ title, address }) => entry(title, address)),
    ...(panels.length === 0 ? [] : [element("li", { class: "group" }, "Extensions")]),
    ...panels.map(({ title, path }) => entry(title, addressOf("/panels/:path", [path]))),
  ];
  byId("views").replaceChildren(...entries);
}

/**
 * @param {string} title
 * @param {string} href
 */
function entry(title, href) {
  return element("li", {}, element("a", { href, class: "text" }, title));
}

/** Marks the entry of the view that is shown; a job belongs to the jobs. */
export function markCurrent() {
  const shown = location.hash.split("?", 1)[0] || "#/";
  for (const link of byId("views").querySelectorAll("a")) {
    const address = link.getAttribute("href") ?? "";
    const isCurrent = shown === address || (address !== "#/" && shown.startsWith(`${address}/`));
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Opens and closes the list on a narrow screen. */
export function startMenu() {
  const menu = byId("menu");
  const nav = byId("nav");
  /** @param {boolean} isOpen */
  const set = (isOpen) => {
    nav.classList.toggle("open", isOpen);
    menu.setAttribute("aria-expanded", String(isOpen));
  };
  menu.addEventListener("click", () => set(!nav.classList.contains("open")));
  nav.addEventListener("click", (event) => {
    if (event.target instanceof HTMLAnchorElement) set(false);
  });
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    set(false);
    menu.focus();
  });
}
