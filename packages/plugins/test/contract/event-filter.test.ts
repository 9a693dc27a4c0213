import type { DomainEvent } from "@atlas/core";
import { expect, it } from "vitest";
import { eventSelector, matchesEvent, parseEventFilter } from "../../src/contract/event-filter.ts";

const event: DomainEvent = {
  id: "evt_k3v9x0ab_1",
  seq: 1,
  type: "job.failed",
  aggregate_id: "j1",
  payload: { workflow_id: "w", deep: { a: 1, b: 2 }, none: null },
  command_seq: 1,
  depth: 0,
  created_at: "2026-01-01T00:00:00.000Z",
};

it.each([
  [{ type: "job.failed" }, true],
  [{ type: "job.*" }, true],
  [{ type: "job" }, false],
  [{ type: "jo.*" }, false],
  [{ type: "job.failed.*" }, false],
  [{ type: "job.failed", aggregate_id: "j1" }, true],
  [{ type: "job.failed", aggregate_id: "j2" }, false],
  [{ type: "job.*", payload: { workflow_id: "w" } }, true],
  [{ type: "job.*", payload: { workflow_id: "v" } }, false],
  [{ type: "job.*", payload: { deep: { b: 2, a: 1 } } }, true],
  [{ type: "job.*", payload: { deep: { a: 1 } } }, false],
  [{ type: "job.*", payload: { none: null } }, true],
  [{ type: "job.*", payload: { absent: null } }, false],
  [{ type: "job.*", payload: { toString: null } }, false],
  [{ type: "job.*", payload: {} }, true],
])("says whether %j matches", (filter, matches) => {
  expect(matchesEvent(event, filter)).toBe(matches);
});

it("does not match an event about nothing when it asks for an aggregate", () => {
  const { aggregate_id: _, ...about } = event;
  expect(matchesEvent(about, { type: "job.failed", aggregate_id: "j1" })).toBe(false);
});

it("selects by any entry of a list, whether type, prefix or filter, and everything without a list", () => {
  const selects = (on: Parameters<typeof eventSelector>[0]) => eventSelector(on, 'The sink "s"')(event);
  expect(selects(undefined)).toBe(true);
  expect(selects([])).toBe(false);
  expect(selects(["artifact.*", "job.failed"])).toBe(true);
  expect(selects(["artifact.*", { type: "job.*", aggregate_id: "j1" }])).toBe(true);
  expect(selects(["artifact.*", { type: "job.*", aggregate_id: "j2" }])).toBe(false);
});

it.each([
  ["a misspelt field", { type: "a", aggregat_id: "x" }],
  ["no type", { aggregate_id: "x" }],
  ["a star in the middle", { type: "a.*.b" }],
  ["a star alone", "*"],
  ["a number", 7],
  ["nothing", null],
])("refuses %s", (_, filter) => {
  expect(() => parseEventFilter(filter, "The filter")).toThrow(TypeError);
  expect(() => parseEventFilter(filter, "The filter")).toThrow("The filter must be an event type such as");
});
