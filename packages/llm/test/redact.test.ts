import { expect, it } from "vitest";
import { redact } from "../src/redact.ts";

it.each([
  ["the key hunter2 is wrong", ["hunter2"], "the key [redacted] is wrong"],
  ["Incorrect API key provided: sk-proj-abcdefgh12345678.", [], "Incorrect API key provided: [redacted]."],
  ["Authorization: Bearer abc.def", [], "Authorization: Bearer [redacted]"],
  ["GET /v1?key=abcdef&alt=sse", [], "GET /v1?key=[redacted]&alt=sse"],
  ["AIzaSyA1234567890abcdefghij is disabled", [], "[redacted] is disabled"],
  ["a risk-free task for the desk-lamp", [""], "a risk-free task for the desk-lamp"],
])("%s", (text, secrets, expected) => {
  expect(redact(text, secrets)).toBe(expected);
});
