import { announce } from "./announce.js";
import { element } from "./element.js";

/**
 * A button that does something at once, and says beside itself what came of it.
 *
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.name What it is called for those who do not see its row.
 * @param {() => Promise<string>} options.act Resolves with what to say.
 * @param {() => void} options.onDone Called after success and failure.
 * @param {(text: string) => void} options.say
 */
export function actButton({ label, name, act, onDone, say }) {
  const button = element(
    "button",
    { type: "button", class: "small", "aria-label": name, "data-key": name },
    label,
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const text = await act();
      announce(text);
      say(text);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      announce(text);
      say(text);
    } finally {
      button.disabled = false;
      onDone();
    }
  });
  return button;
}
