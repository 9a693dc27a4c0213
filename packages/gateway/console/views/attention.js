import { addressOf } from "../app/router.js";

/** @import { GatewayFigures, GatewayState, ModelCall } from "../../src/http/console/records.ts" */

/**
 * Something that a person should look at, and where.
 *
 * @typedef {{ readonly state: string, readonly text: string, readonly address: string }} Note
 */

/**
 * What wants attention, the worst first: the database, failing plugins, dead letters, stand-in answers, pauses.
 *
 * @param {{ state: GatewayState, stats: GatewayFigures, calls: readonly ModelCall[] }} now
 * @returns {readonly Note[]}
 */
export function attentionOf({ state, stats, calls }) {
  /** @type {Note[]} */
  const notes = [];
  if (state.status !== "ok")
    notes.push({
      state: state.status,
      text: `The database: ${state.message ?? state.status}`,
      address: "#/health",
    });
  for (const { id, status, error } of state.sources)
    if (status !== "ok")
      notes.push({ state: status, text: `Source ${id}: ${error ?? status}`, address: "#/sources" });
  for (const { id, status, error } of state.sinks)
    if (status !== "ok")
      notes.push({ state: status, text: `Sink ${id}: ${error ?? status}`, address: "#/sinks" });
  for (const { name, status } of state.extensions)
    if (status !== "ok") notes.push({ state: "failing", text: `Extension ${name}`, address: "#/health" });
  for (const { sink_id, dead_events } of stats.sinks)
    if (dead_events > 0)
      notes.push({
        state: "dead",
        text: `${dead_events} dead ${dead_events === 1 ? "letter" : "letters"} of ${sink_id}`,
        address: addressOf("/sinks", [], { sink_id }),
      });
  const degraded = calls.filter((call) => call.degraded).length;
  if (degraded > 0)
    notes.push({
      state: "degraded",
      text: `A stand-in gave ${degraded} of the last ${calls.length} model answers`,
      address: "#/calls",
    });
  for (const { workflow_id } of state.jobs.paused)
    notes.push({ state: "paused", text: `Workflow ${workflow_id}`, address: "#/health" });
  for (const { id, paused_at } of state.sources)
    if (paused_at !== undefined) notes.push({ state: "paused", text: `Source ${id}`, address: "#/sources" });
  for (const { id, paused_at } of state.sinks)
    if (paused_at !== undefined) notes.push({ state: "paused", text: `Sink ${id}`, address: "#/sinks" });
  return notes;
}
