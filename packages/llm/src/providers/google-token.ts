import { createSign } from "node:crypto";
import type { Clock } from "@atlas/routing";

const ADDRESS = "https://oauth2.googleapis.com/token";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const LIFETIME_S = 3_600;
/** A token is replaced while it still holds for a call that takes long. */
const SPARE_S = 300;

/**
 * Creates a source of access tokens for a service account of Google. Google's own library would look for credentials in the
 * environment of the process, in files and on the network; this one uses what it is given.
 */
export function createGoogleToken(options: {
  readonly email: string;
  /** In PEM. Environment variables often hold `\n` in place of its line breaks. */
  readonly privateKey: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}): () => Promise<string> {
  const { email, fetch, clock } = options;
  const privateKey = options.privateKey.replaceAll("\\n", "\n");
  let current: { readonly token: Promise<string>; readonly untilS: number } | undefined;

  return () => {
    const nowS = Math.floor(clock.now() / 1_000);
    if (current === undefined || nowS >= current.untilS) {
      const token = ask(nowS);
      const asked = { token, untilS: nowS + LIFETIME_S - SPARE_S };
      current = asked;
      // The next call asks again.
      token.catch(() => {
        if (current === asked) current = undefined;
      });
    }
    return current.token;
  };

  async function ask(nowS: number): Promise<string> {
    const response = await fetch(ADDRESS, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: signed({ iss: email, scope: SCOPE, aud: ADDRESS, iat: nowS, exp: nowS + LIFETIME_S }),
      }),
    });
    const body: unknown = await response.json().catch(() => undefined);
    const token: unknown =
      typeof body === "object" && body !== null ? Reflect.get(body, "access_token") : undefined;
    if (response.ok && typeof token === "string") return token;
    const said: unknown =
      typeof body === "object" && body !== null ? Reflect.get(body, "error_description") : undefined;
    const why = typeof said === "string" ? said : "it gave no reason";
    // What Google answers with 400 here is about the account, not about the request to the model.
    const status = response.ok || response.status >= 500 ? 503 : 401;
    throw Object.assign(new Error(`Google gave the service account no token: ${why}.`), { status });
  }

  function signed(claims: object): string {
    const text = [{ alg: "RS256", typ: "JWT" }, claims].map(encoded).join(".");
    try {
      return `${text}.${createSign("RSA-SHA256").update(text).sign(privateKey, "base64url")}`;
    } catch {
      // Node's own error could quote the key.
      throw Object.assign(new Error("GOOGLE_PRIVATE_KEY is not a private key in PEM."), { status: 401 });
    }
  }
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
