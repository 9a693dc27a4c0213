import { count, duration } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jobLink } from "../dom/job-link.js";
import { moment } from "../dom/moment.js";
import { factList, table } from "../dom/table.js";

/** @import { AgentRun, ModelCall } from "../../src/http/console/records.ts" */

/**
 * Calls of models, each with its route behind it: what was tried, and what was skipped for which reason.
 *
 * @param {readonly ModelCall[]} calls
 * @param {{ withJob: boolean }} options
 */
export function callList(calls, { withJob }) {
  return element(
    "ul",
    { class: "calls lines" },
    calls.map((call) => {
      const { job_id, attempt, number, at, method, status, profile, candidate, provider, model } = call;
      const who = candidate ?? "no answer";
      return entry(`call ${job_id} ${attempt} ${number}`, {
        summary: [
          element("span", { class: "text name" }, `${profile ?? "default"} → ${who}`),
          marks(call),
          amounts(tokens(call), duration(call.duration_ms), moment(at)),
        ],
        facts: [
          ["Outcome", badge(status)],
          ["Job", withJob && jobLink(job_id)],
          ["Attempt", `${attempt}, call ${number}`],
          ["Provider", provider],
          ["Model", model],
          ["Method", method.replace("_", " ")],
          ["Error", call.error_code],
          ["Tokens", tokenText(call)],
          ["Correlation id", call.correlation_id],
        ],
        evidence: call,
      });
    }),
  );
}

/**
 * Tasks of coding agents, in the same way.
 *
 * @param {readonly AgentRun[]} runs
 */
export function runList(runs) {
  return element(
    "ul",
    { class: "calls lines" },
    runs.map((run) => {
      const { job_id, attempt, number, at, mode, status, profile, harness, files, goal, cost_microusd } = run;
      return entry(`run ${job_id} ${attempt} ${number}`, {
        summary: [
          element("span", { class: "text name" }, `${profile ?? "default"} → ${harness ?? "no answer"}`),
          marks(run),
          amounts(`${count(files.length)} files`, duration(run.duration_ms), moment(at)),
        ],
        facts: [
          ["Outcome", badge(status)],
          ["Mode", mode],
          ["Goal", goal],
          ["Attempt", `${attempt}, run ${number}`],
          ["Exit code", run.exit_code],
          ["Cost", cost_microusd !== undefined && `$${(cost_microusd / 1_000_000).toFixed(4)}`],
          ["Error", run.error_code],
          ["Tokens", tokenText(run)],
          ["Files", files.length > 0 && files.map(({ path, change }) => `${change} ${path}`).join(", ")],
        ],
        evidence: run,
      });
    }),
  );
}

/**
 * @param {string} key
 * @param {object} parts
 * @param {readonly Node[]} parts.summary
 * @param {Parameters<typeof factList>[0]} parts.facts
 * @param {Pick<ModelCall, "tries" | "skipped">} parts.evidence
 */
function entry(key, { summary, facts, evidence }) {
  return element(
    "li",
    {},
    element(
      "details",
      { "data-key": key },
      element("summary", { class: "row", "data-row": true }, ...summary),
      element("div", { class: "pad" }, factList(facts)),
      routeTable(evidence),
    ),
  );
}

/** @param {...(string | Node)} parts */
function amounts(...parts) {
  const shown = parts.filter((part) => part !== "");
  return element(
    "span",
    { class: "amounts muted" },
    shown.map((part) => element("span", {}, part)),
  );
}

/** @param {Pick<ModelCall, "tries" | "skipped">} evidence */
function routeTable({ tries, skipped }) {
  const rows = [
    ...skipped.map(({ candidate, reason }) => ({ candidate, outcome: "skipped", why: reason, took: "–" })),
    ...tries.map(({ candidate, outcome, duration_ms, waited_ms, message, code, status }) => ({
      candidate,
      outcome,
      why: [status, code, message].filter((part) => part !== undefined).join(" · "),
      took: waited_ms > 0 ? `${duration(duration_ms)} after ${duration(waited_ms)}` : duration(duration_ms),
    })),
  ];
  if (rows.length === 0) return element("p", { class: "note" }, "No candidate was asked.");
  return table(
    "Route: candidates that were skipped or tried, in order",
    rows,
    [
      { title: "Candidate", cell: ({ candidate }) => element("span", { class: "text" }, candidate) },
      { title: "Outcome", cell: ({ outcome }) => badge(outcome), kind: "tight" },
      { title: "Why", cell: ({ why }) => element("span", { class: "text" }, why) },
      { title: "Took", cell: ({ took }) => took, kind: "number" },
    ],
    { stacks: true },
  );
}

/** @param {{ status: string, degraded: boolean, cached?: true, truncated?: boolean }} call */
function marks({ status, degraded, cached, truncated }) {
  return element(
    "span",
    { class: "marks" },
    status === "failed" && badge("failed"),
    degraded && badge("degraded", "A stand-in answered, no configured model or agent."),
    cached === true && badge("cached", "A cache gave the answer."),
    truncated === true && badge("truncated", "A limit cut what it printed or changed."),
  );
}

/** @param {{ input_tokens?: number, output_tokens?: number }} call */
function tokens({ input_tokens, output_tokens }) {
  if (input_tokens === undefined && output_tokens === undefined) return "";
  return `${count(input_tokens ?? 0)} in, ${count(output_tokens ?? 0)} out`;
}

/** @param {{ input_tokens?: number, output_tokens?: number, cached_input_tokens?: number, reasoning_tokens?: number }} call */
function tokenText(call) {
  const text = tokens(call);
  if (text === "") return undefined;
  const { cached_input_tokens: cached = 0, reasoning_tokens: reasoning = 0 } = call;
  return [
    text,
    cached > 0 && `${count(cached)} from a cache`,
    reasoning > 0 && `${count(reasoning)} for reasoning`,
  ]
    .filter((part) => part !== false)
    .join(", ");
}
