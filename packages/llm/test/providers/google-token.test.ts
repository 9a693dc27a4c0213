import { createVerify, generateKeyPairSync } from "node:crypto";
import { createFakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import { createGoogleToken } from "../../src/providers/google-token.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** A source over a Google that answers with each of these, then with tokens that are numbered. */
function setUp(answers: readonly Response[] = [], key = privateKey) {
  const clock = createFakeClock();
  const asked: { readonly url: string; readonly body: URLSearchParams }[] = [];
  const left = [...answers];
  const token = createGoogleToken({
    email: "robot@house.example",
    privateKey: key,
    clock,
    fetch: async (url, init) => {
      asked.push({ url: String(url), body: new URLSearchParams(String(init?.body)) });
      return left.shift() ?? Response.json({ access_token: `token-${asked.length}` });
    },
  });
  return { token, clock, asked };
}

describe("a token of Google", () => {
  it("is asked for with a signed claim of the service account", async () => {
    const { token, clock, asked } = setUp([], privateKey.replaceAll("\n", "\\n"));
    expect(await token()).toBe("token-1");
    expect(asked[0]?.url).toBe("https://oauth2.googleapis.com/token");
    const [head = "", claims = "", signature = ""] = asked[0]?.body.get("assertion")?.split(".") ?? [];
    const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`);
    expect(verify.verify(publicKey, signature, "base64url")).toBe(true);
    const nowS = Math.floor(clock.now() / 1_000);
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toEqual({
      iss: "robot@house.example",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      aud: "https://oauth2.googleapis.com/token",
      iat: nowS,
      exp: nowS + 3_600,
    });
  });

  it("is kept while it holds, and asked for once by calls at the same time", async () => {
    const { token, clock, asked } = setUp();
    expect(await Promise.all([token(), token()])).toEqual(["token-1", "token-1"]);
    await clock.advance(3_299_000);
    expect(await token()).toBe("token-1");
    await clock.advance(1_000);
    expect(await token()).toBe("token-2");
    expect(asked).toHaveLength(2);
  });

  it.each([
    [
      "a refusal",
      Response.json({ error: "invalid_grant", error_description: "Invalid JWT Signature." }, { status: 400 }),
      401,
    ],
    ["a fault of Google", new Response("<html>", { status: 502 }), 503],
    ["no token", Response.json({}), 503],
  ])(
    "that did not come (%s) is asked for again, and the failure has a status to act on",
    async (_, answer, status) => {
      const { token } = setUp([answer]);
      await expect(token()).rejects.toMatchObject({ status });
      expect(await token()).toBe("token-2");
    },
  );

  it("needs a key in PEM, and never repeats what it got instead", async () => {
    const { token } = setUp([], "canary-not-a-key");
    const error = await token().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 401, message: "GOOGLE_PRIVATE_KEY is not a private key in PEM." });
    expect(String(error)).not.toContain("canary");
  });
});
