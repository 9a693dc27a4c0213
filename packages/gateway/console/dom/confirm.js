import { announce } from "./announce.js";
import { element } from "./element.js";
import { inOrder } from "./visible-text.js";

/**
 * Asks before something is done, and does it. When it fails, the question stays with the reason, and the same button tries it again.
 *
 * @param {object} question
 * @param {string} question.title
 * @param {string} question.text
 * @param {string} question.action What the button says.
 * @param {boolean} [question.isDangerous]
 * @param {() => Promise<string>} question.act Resolves with what to say afterwards.
 * @returns {Promise<boolean>} Whether it was done.
 */
export function confirm({ title, text, action, isDangerous = false, act }) {
  const { promise, resolve } = Promise.withResolvers();
  const problem = element("p", { class: "problem", role: "alert" });
  const go = element("button", { type: "button", class: isDangerous ? "danger" : "first" }, action);
  const close = element("button", { type: "button", onclick: () => dialog.close() }, "Back");
  const dialog = element(
    "dialog",
    { "aria-labelledby": "question" },
    element("h2", { id: "question" }, title),
    element("p", { class: "text" }, text),
    problem,
    element("div", { class: "actions" }, close, go),
  );
  let isDone = false;
  go.addEventListener("click", async () => {
    go.disabled = true;
    problem.textContent = "";
    try {
      announce(await act());
      isDone = true;
      dialog.close();
    } catch (error) {
      problem.textContent = inOrder(error instanceof Error ? error.message : String(error));
    } finally {
      go.disabled = false;
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(isDone);
  });
  document.body.append(dialog);
  dialog.showModal();
  // The harmless one.
  close.focus();
  return promise;
}
