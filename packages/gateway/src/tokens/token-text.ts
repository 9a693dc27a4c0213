import { hash, randomBytes } from "node:crypto";

const SECRET_BYTES = 32;
const CHECK_CHARACTERS = 6;
/** The prefix lets scanners of repositories recognise a leaked token; the end tells a cut or mistyped one from a wrong one. */
const FORM = /^atl_([\w-]{43})([\w-]{6})$/;

/** A new token: 256 random bits. */
export function newToken(): string {
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return `atl_${secret}${checkOf(secret)}`;
}

/** Tells whether a text has the form of a token, with the right end. */
export function isToken(text: string): boolean {
  const [, secret, check] = FORM.exec(text) ?? [];
  return secret !== undefined && checkOf(secret) === check;
}

/** What is stored of a token, and compared. */
export function hashOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}

function checkOf(secret: string): string {
  return hash("sha256", secret, "base64url").slice(0, CHECK_CHARACTERS);
}
