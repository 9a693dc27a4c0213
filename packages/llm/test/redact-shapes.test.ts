import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactSecrets } from "../src/redact.ts";

// Put together here, so that no scanner takes this file for a leak.
const made = (start: string, length = 36): string => start + "a1B2c3D4".repeat(9).slice(0, length);

describe("the redaction of secrets", () => {
  it.each([
    ["a key of OpenAI", made("sk-proj-")],
    ["a key of Anthropic", made("sk-ant-api03-")],
    ["a key of Google", made("AIza", 35)],
    ["a key of AWS", `AKIA${"A1B2C3D4".repeat(2)}`],
    ["a token of GitHub", made("ghp_")],
    ["a fine-grained token of GitHub", made("github_pat_")],
    ["a token of Slack", made("xoxb-")],
    ["a key of Stripe", made("sk_live_")],
    ["a JSON web token", [made("eyJ"), made("eyJ"), made("")].join(".")],
    ["a private key", `-----BEGIN RSA PRIVATE KEY-----\n${made("")}\n-----END RSA PRIVATE KEY-----`],
    ["half a private key", `-----BEGIN PRIVATE KEY-----\n${made("")}`],
  ])("replaces %s", (_, secret) => {
    expect(redactSecrets(`before ${secret}`)).toBe("before [redacted]");
  });

  it("replaces what stands where a secret stands", () => {
    expect(redactSecrets("Authorization: Bearer abc.def-123456\n")).toBe(
      "Authorization: Bearer [redacted]\n",
    );
    expect(redactSecrets(`Basic ${made("dXNlcjpwYXNz", 12)}`)).toBe("Basic [redacted]");
    expect(redactSecrets("postgres://ada:hunter2@db.example.com/x")).toBe(
      "postgres://ada:[redacted]@db.example.com/x",
    );
    expect(redactSecrets('{"api_key": "0123456789", "password":"hunter22"}')).toBe(
      '{"api_key": "[redacted]", "password":"[redacted]"}',
    );
    expect(redactSecrets("CLIENT_SECRET=abcdefgh&x=1")).toBe("CLIENT_SECRET=[redacted]&x=1");
  });

  it("leaves prose and code alone", () => {
    for (const text of [
      "A basic understanding of tokens, risk-averse and task-oriented.",
      "const password = readPassword();".replace("readPassword()", "x"),
      "https://example.com:8080/path?token=1",
      "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ]) {
      expect(redactSecrets(text)).toBe(text);
    }
  });

  it("changes nothing the second time", () => {
    const part = fc.constantFrom(
      made("sk-"),
      "Bearer x1y2z3",
      "password: secret99",
      "//a:b@c",
      "\n",
      " ",
      "text",
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const once = redactSecrets(parts.join(" "));
        expect(redactSecrets(once)).toBe(once);
      }),
    );
  });

  it.each([
    "sk-",
    "sk-a ",
    "eyJ",
    "eyJaaaaaaaa.",
    "a",
    "-----BEGIN PRIVATE KEY-----",
    "//a:",
    "password: ",
    "Basic ",
    "Bearer x",
    "key=1&",
    "-----BEGIN ",
  ])(
    "gets through 10 MB of %s before the test's time is up, which a search that goes back would not",
    (unit) => {
      const rests = [unit.repeat(10_000_000 / unit.length), " ".repeat(10_000_000), "A".repeat(10_000_000)];
      for (const rest of rests) expect(redactSecrets(`${unit}${rest}`).length).toBeGreaterThan(0);
    },
    30_000,
  );
});
