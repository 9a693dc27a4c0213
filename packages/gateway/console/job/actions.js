import { newKey } from "../app/api.js";
import { confirm } from "../dom/confirm.js";
import { element } from "../dom/element.js";

/** @import { JobDetails } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

/**
 * What can be done with a job in its state.
 *
 * @param {View} view
 * @param {JobDetails & { isWaiting: boolean }} job
 * @param {() => void} onDone
 */
export function jobActions({ api }, { id, status, run_at, isWaiting }, onDone) {
  const isDelayed = status === "queued" && !isWaiting && Date.parse(run_at) > Date.now();
  return [
    isDelayed &&
      action("promote", "Run now", {
        text: "It runs as soon as there is a free slot, whatever its time says.",
        said: "The job runs as soon as it can.",
      }),
    (status === "failed" || status === "cancelled") &&
      action("redrive", "Run again", {
        text: "It is queued again with all its attempts. Finished steps keep their results. Children that failed run again too.",
        said: "The job is queued again.",
      }),
    (status === "queued" || status === "running") &&
      action("cancel", "Cancel job", {
        text: "The job and its children end, and do not run again by themselves.",
        said: "The job is cancelled.",
        isDangerous: true,
      }),
  ].filter((button) => button !== false);

  /**
   * @param {string} name
   * @param {string} title
   * @param {{ text: string, said: string, isDangerous?: boolean }} words
   */
  function action(name, title, { text, said, isDangerous = false }) {
    const ask = async () => {
      // One key for one decision: pressing the button again after a failure does not do it twice.
      const key = newKey();
      const act = async () => {
        await api.post(`/jobs/${encodeURIComponent(id)}/${name}`, {}, key);
        return said;
      };
      if (await confirm({ title: `${title}?`, text: `${id}: ${text}`, action: title, isDangerous, act }))
        onDone();
    };
    return element(
      "button",
      {
        type: "button",
        class: isDangerous ? "danger" : undefined,
        "data-key": name,
        onclick: () => void ask(),
      },
      title,
    );
  }
}
