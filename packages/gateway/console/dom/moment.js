import { duration } from "./amounts.js";
import { element } from "./element.js";

const REFRESH_MS = 10_000;
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/**
 * A time as its distance from now, with the time itself as its title. It stays right while it is shown.
 *
 * @param {string | undefined} iso
 */
export function moment(iso) {
  if (iso === undefined || Number.isNaN(Date.parse(iso))) return element("span", { class: "muted" }, "–");
  const at = new Date(iso);
  return element(
    "time",
    { datetime: iso, title: `${absolute.format(at)} (${iso})`, "data-moment": true },
    distance(iso),
  );
}

/**
 * A time of day, for lists in which the order says the rest.
 *
 * @param {string} iso
 */
export function clockTime(iso) {
  const at = new Date(iso);
  const text = Number.isNaN(at.getTime()) ? iso : at.toLocaleTimeString(undefined, { hour12: false });
  return element("time", { class: "mono muted", datetime: iso, title: iso }, text);
}

/** Keeps the distances on the page right. */
export function keepMomentsRight() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-moment]"))
      time.textContent = distance(time.getAttribute("datetime") ?? "");
  }, REFRESH_MS);
}

/** @param {string} iso */
function distance(iso) {
  const ms = Date.parse(iso) - Date.now();
  if (Math.abs(ms) < 1_500) return "now";
  const [largest = ""] = duration(Math.abs(ms)).split(/(?<=[a-z]) /);
  const text = largest.replace(/\.\d/, "");
  return ms < 0 ? `${text} ago` : `in ${text}`;
}
