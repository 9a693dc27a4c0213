import { newKey } from "../app/api.js";
import { failure } from "../app/section.js";
import { announce } from "../dom/announce.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { jsonView } from "../dom/json-view.js";
import { moment } from "../dom/moment.js";
import { factList } from "../dom/table.js";
import { answerFields } from "./answer-fields.js";

/** @import { JobWait } from "../../src/http/console/records.ts" */
/** @import { View } from "../app/view.js" */

const RESULTS = new Map([
  ["delivered", "The answer is stored, and the job goes on."],
  ["buffered", "The answer is kept until the job comes to this wait."],
  ["already_received", "There was another answer before this one."],
  ["closed", "Nobody waits for this answer any more."],
]);

/**
 * What a job waits for, and a form where a person can answer.
 *
 * @param {View} view
 * @param {{ id: string, isOver: boolean }} job
 * @param {readonly JobWait[]} waits
 * @param {() => void} onAnswered
 */
export function waitList(view, job, waits, onAnswered) {
  return element(
    "ul",
    { class: "waits lines" },
    waits.map((wait) => {
      const { name, kind, opened_at, deadline, closed_at, answer, info, ids, filter } = wait;
      const isOpen = answer === undefined && closed_at === undefined && !job.isOver;
      const state = answer !== undefined ? "answered" : isOpen ? "waiting" : "closed";
      return element(
        "li",
        { class: "pad" },
        element("h3", { class: "text" }, `${name} `, badge(state)),
        factList([
          ["Waits for", kind],
          ["Since", opened_at !== undefined && moment(opened_at)],
          ["Until", deadline !== undefined && moment(deadline)],
          ["Jobs", ids?.map((id) => [jobLink(id), " "])],
          ["Answered by", answer !== undefined && [`${answer.by} `, moment(answer.at)]],
        ]),
        info !== undefined && jsonView(info),
        filter !== undefined && jsonView(filter),
        answer !== undefined && jsonView(answer.value),
        isOpen && kind === "signal" && answerForm(view, job.id, wait, onAnswered),
      );
    }),
  );
}

/**
 * @param {View} view
 * @param {string} jobId
 * @param {JobWait} wait
 * @param {() => void} onAnswered
 */
function answerForm({ api }, jobId, { name, schema }, onAnswered) {
  const fields = answerFields(`answer-${name}`, schema);
  const said = element("div", { role: "alert" });
  const send = element("button", { type: "submit", class: "first" }, "Answer");
  // The same answer has the same key, so that sending it again after a lost connection answers nothing twice.
  const keys = new Map();
  const form = element("form", { class: "answer", "aria-label": `Answer ${name}` }, fields.node, send, said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    said.replaceChildren();
    try {
      const value = fields.read();
      const text = JSON.stringify(value);
      const key = keys.get(text) ?? newKey();
      keys.set(text, key);
      const path = `/jobs/${encodeURIComponent(jobId)}/signals`;
      const { result } = await api.post(path, { name, value, signal_id: key }, key);
      announce(RESULTS.get(result) ?? String(result));
      onAnswered();
    } catch (error) {
      said.replaceChildren(failure(error));
    } finally {
      send.disabled = false;
    }
  });
  return form;
}
