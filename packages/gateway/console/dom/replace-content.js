/** What stays as it was while content is replaced: by `data-key`, since the elements themselves are new. */
const KEYED = "[data-key]";

/**
 * Replaces what an element contains. The focus, and details that were opened or closed by hand, are found again by their `data-key`.
 *
 * @param {Element} parent
 * @param {readonly (Node | string)[]} content
 */
export function replaceContent(parent, content) {
  const focused = document.activeElement;
  const key =
    focused !== null && parent.contains(focused) ? focused.closest(KEYED)?.getAttribute("data-key") : null;
  const open = new Map(
    [...parent.querySelectorAll(`details${KEYED}`)].map((one) => [
      one.getAttribute("data-key"),
      one.hasAttribute("open"),
    ]),
  );
  parent.replaceChildren(...content);
  for (const one of parent.querySelectorAll(`details${KEYED}`)) {
    const wasOpen = open.get(one.getAttribute("data-key"));
    if (wasOpen !== undefined) one.toggleAttribute("open", wasOpen);
  }
  if (key == null) return;
  const again = [...parent.querySelectorAll(KEYED)].find((one) => one.getAttribute("data-key") === key);
  const target = again instanceof HTMLDetailsElement ? again.querySelector("summary") : again;
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}
