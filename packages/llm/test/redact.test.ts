import { expect, it } from "vitest";
import { redactSecrets } from "../src/redact.ts";

it.each([
  ["the key hunter2 is wrong", ["hunter2"], "the key [redacted] is wrong"],
  ["Incorrect API key provided: sk-proj-abcdefgh12345678.", [], "Incorrect API key provided: [redacted]."],
  ["Authorization: Bearer abc.def", [], "Authorization: Bearer [redacted]"],
  ["GET /v1?key=abcdef&alt=sse", [], "GET /v1?key=[redacted]&alt=sse"],
  ["AIzaSyA1234567890abcdefghij is disabled", [], "[redacted] is disabled"],
  ["GET /?token=a%2Fb%3Dc%26d", ["a/b=c&d"], "GET /?token=[redacted]"],
  ["the body held YS9iPWMmZDE=", ["a/b=c&d1"], "the body held [redacted]"],
  ['{"said":"a\\"quoted\\" key"}', ['a"quoted" key'], '{"said":"[redacted]"}'],
  ["the address held fn5-Pz8_", ["~~~???"], "the address held [redacted]"],
  ["the longer of two secrets is abcdef", ["abc", "abcdef"], "the longer of two secrets is [redacted]"],
  ["a risk-free task for the desk-lamp", [""], "a risk-free task for the desk-lamp"],
])("%s", (text, secrets, expected) => {
  expect(redactSecrets(text, secrets)).toBe(expected);
});
