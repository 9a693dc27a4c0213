import { element } from "../dom/element.js";

/** @import { Session } from "./session.js" */

/**
 * Asks for a token, in place of the view.
 *
 * @param {HTMLElement} main
 * @param {object} options
 * @param {Session} options.session
 * @param {string | undefined} options.reason Why it asks; by default because the token was refused, if there was one.
 * @param {() => void} options.onToken
 */
export function showSignIn(main, { session, reason, onToken }) {
  document.title = "Sign in – Atlas";
  const refusal = session.token === undefined ? undefined : "This token is not valid, or not any more.";
  const why = reason ?? refusal;
  session.forget();
  const input = element("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "token-note",
  });
  const form = element(
    "form",
    { class: "sign-in" },
    element("h1", { tabindex: -1 }, "Sign in"),
    why !== undefined && element("p", { class: "problem", role: "alert" }, why),
    element("label", { for: "token" }, "Token"),
    input,
    element("button", { type: "submit", class: "first" }, "Sign in"),
    element(
      "p",
      { class: "note", id: "token-note" },
      element("code", {}, "atlas start"),
      " prints a link with a token, and ",
      element("code", {}, "atlas token create"),
      " makes one. This tab keeps it until it is closed.",
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    session.keep(input.value.trim());
    onToken();
  });
  main.replaceChildren(form);
  input.focus();
}
