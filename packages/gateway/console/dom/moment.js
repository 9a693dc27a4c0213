import { duration } from "./amounts.js";
import { element } from "./element.js";

const REFRESH_MS = 5_000;
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

// Beyond it, a time stands for "not until something happens".
const NEVER_MS = 100 * 365 * 86_400_000;

/**
 * A time as its distance from now, with the time itself as its title. It stays right while it is shown.
 *
 * @param {string | undefined} iso
 * @param {{ isLasting?: boolean }} [options] `isLasting` tells how long something goes on, without "ago".
 */
export function moment(iso, { isLasting = false } = {}) {
  if (iso === undefined || Number.isNaN(Date.parse(iso))) return element("span", { class: "muted" }, "–");
  const at = new Date(iso);
  return element(
    "time",
    { datetime: iso, title: `${absolute.format(at)} (${iso})`, "data-moment": isLasting ? "lasting" : "" },
    distance(iso, isLasting),
  );
}

/**
 * True for a time that nothing is ever planned for: the job waits for something else.
 *
 * @param {string} iso
 */
export function isNever(iso) {
  return Date.parse(iso) - Date.now() > NEVER_MS;
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
      time.textContent = distance(
        time.getAttribute("datetime") ?? "",
        time.getAttribute("data-moment") === "lasting",
      );
  }, REFRESH_MS);
}

/**
 * @param {string} iso
 * @param {boolean} isLasting
 */
function distance(iso, isLasting) {
  const ms = Date.parse(iso) - Date.now();
  if (Math.abs(ms) < 1_500) return isLasting ? "1 s" : "now";
  const [largest = ""] = duration(Math.abs(ms)).split(/(?<=[a-z]) /);
  const text = largest.replace(/\.\d/, "");
  if (isLasting) return text;
  return ms < 0 ? `${text} ago` : `in ${text}`;
}
