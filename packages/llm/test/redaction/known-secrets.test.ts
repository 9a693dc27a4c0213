import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactSecrets } from "../../src/redact.ts";

// No shape gives it away, and it has characters that every escaping treats differently.
const secret = 'q7/Zt+9w=Xk&2"pL<8v';

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a known secret", () => {
  it.each<[string, string]>([
    ["as it is", secret],
    ["escaped for a URL", encodeURIComponent(secret)],
    [
      "escaped for a URL in lower case",
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ["escaped for a URL twice", encodeURIComponent(encodeURIComponent(secret))],
    ["escaped for JSON", inJson(secret)],
    ["escaped for JSON twice", inJson(inJson(secret))],
    ["escaped for JSON with slashes", inJson(secret).replaceAll("/", "\\/")],
    [
      "escaped for JSON as some serializers do",
      inJson(secret).replace(/[&<>'+=]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`),
    ],
    ["escaped for HTML", secret.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")],
    ["in base64", base64(secret)],
    ["in base64 for a URL", Buffer.from(secret).toString("base64url")],
    ["in hex", Buffer.from(secret).toString("hex")],
  ])("is replaced %s", (_, spelled) => {
    expect(redactSecrets(`before ${spelled} after`, [secret])).toBe("before [redacted] after");
  });

  it("is replaced inside of any base64 text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }), (before, after) => {
        const header = redactSecrets(base64(`${before}:${secret}${after}`), [secret]);
        expect(header).toContain("[redacted]");
        const left = Buffer.from(header.split("[redacted]").join(""), "base64").toString();
        expect(left).not.toContain(secret.slice(2, -2));
      }),
    );
  });

  const key = "sk-house-4fT9aQ2mN8xW1zR7";
  it.each<[string, string, string]>([
    ["cut off", "Wrong key: sk-house-4fT9aQ2m", "Wrong key: [redacted]"],
    ["without its beginning", "ends in N8xW1zR7.", "ends in [redacted]."],
    ["masked with stars", "Wrong key: sk-h********1zR7.", "Wrong key: [redacted]."],
    ["masked with dots", "Wrong key sk-house...zR7 (401)", "Wrong key [redacted] (401)"],
    ["masked with an ellipsis", "Wrong key …1zR7!", "Wrong key [redacted]!"],
    ["with its beginning only", "Wrong key sk-hou*****", "Wrong key [redacted]"],
  ])("is replaced where a service echoes it %s", (_, said, expected) => {
    expect(redactSecrets(said, [key])).toBe(expected);
  });

  it("never leaves eight characters of itself in a row", () => {
    const part = fc
      .tuple(fc.nat(key.length - 1), fc.nat(key.length))
      .map(([from, to]) => key.slice(from, to));
    const text = fc.array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 10 });
    fc.assert(
      fc.property(text, (parts) => {
        const left = redactSecrets(parts.join(" "), [key]);
        for (let at = 0; at + 8 <= key.length; at += 1) expect(left).not.toContain(key.slice(at, at + 8));
      }),
    );
  });

  it("leaves dots and stars alone that mask nothing", () => {
    const text = "Loading... **bold** and 2 ** 3 … done";
    expect(redactSecrets(text, [key, secret])).toBe(text);
  });
});

it("replaces a masked key that nobody passed", () => {
  expect(redactSecrets("Incorrect API key provided: sk-proj-********************wxyz. Look")).toBe(
    "Incorrect API key provided: [redacted]. Look",
  );
});
