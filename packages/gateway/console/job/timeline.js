import { duration } from "../dom/amounts.js";
import { badge } from "../dom/badge.js";
import { element } from "../dom/element.js";
import { jsonView } from "../dom/json-view.js";
import { partsOf, spansOf } from "./attempts.js";

/** @import { AgentRun, DomainEvent, JobDetails, JobStep, ModelCall } from "../../src/http/console/records.ts" */
/** @import { Span } from "./attempts.js" */

const SVG = "http://www.w3.org/2000/svg";
// Of the width: what is shorter would not be seen.
const THINNEST = 0.6;

/**
 * What the timeline is drawn from.
 *
 * @typedef {object} Evidence
 * @property {JobDetails} job
 * @property {readonly DomainEvent[]} events
 * @property {readonly JobStep[]} steps
 * @property {readonly ModelCall[]} calls
 * @property {readonly AgentRun[]} runs
 * @property {number} now
 */

/**
 * The life of a job: one row for each run and each time in between, with its place on the whole, and below a run what it did.
 *
 * @param {Evidence} evidence
 */
export function timeline({ job, events, steps, calls, runs, now }) {
  const spans = spansOf(job, events, now);
  const totalMs = Math.max(1, ...spans.map(({ toMs }) => toMs));
  const begin = Date.parse(job.created_at);
  const rows = spans.flatMap((span) => [
    row(label(span), span, totalMs, [badge(span.state)], span.problem),
    ...(span.kind === "run" ? inside(span) : []),
  ]);
  const early = steps.filter(
    (step) => !spans.some((span) => span.kind === "run" && span.number === step.attempt),
  );
  return element("ol", { class: "timeline" }, rows, early.map(stepRow));

  /** @param {Span} span */
  function inside(span) {
    const parts = partsOf(span.number, { steps, calls, runs });
    return [
      ...parts.steps.map(stepRow),
      ...[...parts.calls.map(ofCall), ...parts.runs.map(ofRun)]
        .sort((a, b) => a.fromMs - b.fromMs)
        .map((one) => row(one.name, one, totalMs, [badge(one.state)], undefined, true)),
    ];
  }

  /** @param {ModelCall} call */
  function ofCall({ at, duration_ms, profile, candidate, status, degraded, number }) {
    const name = `Model call ${number}${candidate === undefined ? "" : ` · ${profile ?? "default"} → ${candidate}`}`;
    return { name, state: degraded ? "degraded" : status, ...place(at, duration_ms) };
  }

  /** @param {AgentRun} run */
  function ofRun({ at, duration_ms, harness, status, number }) {
    return { name: `Agent run ${number} · ${harness ?? "none"}`, state: status, ...place(at, duration_ms) };
  }

  /**
   * @param {string} at
   * @param {number} duration_ms
   */
  function place(at, duration_ms) {
    const toMs = Math.max(0, Date.parse(at) - begin);
    return { fromMs: Math.max(0, toMs - duration_ms), toMs };
  }
}

/** @param {Span} span */
function label({ kind, number, state }) {
  if (state === "waiting") return "Waiting";
  return kind === "run" ? `Attempt ${number}` : number === 1 ? "In the queue" : `Before attempt ${number}`;
}

/**
 * @param {string} name
 * @param {{ readonly fromMs: number, readonly toMs: number, readonly state: string }} span
 * @param {number} totalMs
 * @param {readonly Node[]} beside
 * @param {string} [problem]
 * @param {boolean} [isInside]
 */
function row(name, span, totalMs, beside, problem, isInside = false) {
  return element(
    "li",
    {},
    element("span", { class: isInside ? "text inside-name" : "text name" }, name),
    element("span", { class: "state" }, ...beside),
    bar(span, totalMs),
    element("span", { class: "took" }, duration(span.toMs - span.fromMs)),
    problem !== undefined && element("span", { class: "problem text why" }, problem),
  );
}

/** @param {JobStep} step */
function stepRow({ name, result }) {
  const title = element("span", { class: "text inside-name" }, `Step ${name}`);
  if (result === undefined) return element("li", {}, title, element("span", { class: "state" }, badge("ok")));
  return element(
    "li",
    { class: "step" },
    element(
      "details",
      { "data-key": `step ${name}` },
      element("summary", { class: "row" }, title, element("span", { class: "state" }, badge("ok"))),
      jsonView(result),
    ),
  );
}

/**
 * A bar of the whole life, and in it the span. Drawn, since the page's policy allows no style in attributes.
 *
 * @param {{ readonly fromMs: number, readonly toMs: number, readonly state: string }} span
 * @param {number} totalMs
 */
function bar({ fromMs, toMs, state }, totalMs) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", `bar-of ${state}`);
  drawing.setAttribute("viewBox", "0 0 100 8");
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  const width = Math.max(THINNEST, ((toMs - fromMs) / totalMs) * 100);
  const x = Math.min((fromMs / totalMs) * 100, 100 - width);
  for (const [name, from, of] of /** @type {const} */ ([
    ["track", 0, 100],
    ["span", x, width],
  ])) {
    const part = document.createElementNS(SVG, "rect");
    part.setAttribute("class", name);
    part.setAttribute("x", String(from));
    part.setAttribute("width", String(of));
    part.setAttribute("height", "8");
    drawing.append(part);
  }
  return drawing;
}
