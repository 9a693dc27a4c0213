import { timingSafeEqual } from "node:crypto";
import { type Clock, type CommandSink, type Envelope, isCoreError, isoTime } from "@atlas/core";
import { checkOptions, normalizeTime } from "@atlas/core/internal";
import { GatewayError } from "../errors.ts";
import type { HttpCommand } from "../http/module/http-module.ts";
import type { HttpTables } from "../http/module/tables.ts";
import { nameTaken, tokenNotFound } from "../http/module/token-commands.ts";
import { checkScopes, knownScopes } from "./scopes.ts";
import { hashOf, isToken, newToken } from "./token-text.ts";

/** Tokens of callers over HTTP. Only their hashes are stored. */
export interface Tokens {
  /**
   * Creates a token, and resolves with it once its hash is on disk. The token is shown this once: nobody can read it again. Throws a
   * `TypeError` for a scope that does not exist, with the nearest; and `ATLAS_GATEWAY_TOKEN_NAME_TAKEN`.
   */
  create(request: TokenRequest, envelope?: Envelope): Promise<NewToken>;
  /** Every token that was created, the oldest first, also those that have expired or were revoked. Without hashes. */
  list(): readonly TokenRecord[];
  /**
   * Ends a token at once: the next request with it gets 401, and its streams end. Resolves once that is on disk. Does
   * nothing for one that was revoked before. Throws `ATLAS_GATEWAY_TOKEN_NOT_FOUND`.
   */
  revoke(id: string, envelope?: Envelope): Promise<TokenRecord>;
}

/** A token to be created. */
export interface TokenRequest {
  /** Who uses it, such as `deploy-bot`: 1 to 100 visible characters or spaces. It is the caller's `actor`: `token:deploy-bot`. */
  readonly name: string;
  /**
   * What it may do: `jobs:read`, `jobs:write`, `jobs:*`, `*:read` or `*`. The groups are `jobs`, `sources`, `data`, `events`, `models`,
   * `operations`, `tokens`, and the name of each extension.
   */
  readonly scopes: readonly string[];
  /** When it ends, as an ISO-8601 time with a zone. Default: never. */
  readonly expires_at?: string;
}

/** A token as it is listed. */
export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
}

/** A new token with its record. */
export interface NewToken {
  /** `atl_` and 49 characters. Send it as `Authorization: Bearer <token>`. */
  readonly token: string;
  readonly record: TokenRecord;
}

/** Finds valid tokens. */
export interface TokenIndex {
  /** The record of a token that is neither expired nor revoked. */
  find(token: string): TokenRecord | undefined;
  /** Aborted when a token is revoked. */
  revoked(id: string): AbortSignal | undefined;
  /** Tells whether there is any. */
  hasAny(): boolean;
}

const NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/;

/** Loads the tokens of a gateway. They are few and asked for with every request, so all are kept in memory, by their hashes. */
export async function loadTokens(options: {
  readonly commands: CommandSink<HttpCommand>;
  readonly rows: () => Promise<readonly HttpTables["http_tokens"][]>;
  readonly extensions: readonly string[];
  readonly clock: Clock;
  readonly newId: () => string;
}): Promise<{ readonly tokens: Tokens; readonly index: TokenIndex }> {
  const { commands, clock, newId } = options;
  const known = knownScopes(options.extensions);
  const records = new Map<string, TokenRecord>();
  const byHash = new Map<string, { readonly id: string; readonly hash: Buffer }>();
  const ends = new Map<string, AbortController>();
  for (const row of await options.rows()) keep(toRecord(row), Buffer.from(row.hash, "hex"));

  return {
    tokens: {
      async create(request, envelope) {
        const { name, scopes, expires_at } = checked(request, known, clock.now());
        const token = newToken();
        const hash = hashOf(token);
        const record: TokenRecord = {
          id: newId(),
          name,
          scopes,
          created_at: isoTime(clock.now()),
          ...(expires_at === undefined ? {} : { expires_at }),
        };
        try {
          await commands.enqueue(
            { type: "http.token.create", ...record, scopes: [...scopes], hash: hash.toString("hex") },
            envelope,
          );
        } catch (error) {
          if (!isCoreError(error) || error.code !== "ATLAS_GATEWAY_TOKEN_NAME_TAKEN") throw error;
          throw new GatewayError("ATLAS_GATEWAY_TOKEN_NAME_TAKEN", { name }, nameTaken(name));
        }
        keep(record, hash);
        return { token, record };
      },
      list: () => [...records.values()],
      async revoke(id, envelope) {
        const record = records.get(id);
        if (record === undefined)
          throw new GatewayError("ATLAS_GATEWAY_TOKEN_NOT_FOUND", { id }, tokenNotFound(id));
        if (record.revoked_at !== undefined) return record;
        const revoked_at = isoTime(clock.now());
        await commands.enqueue({ type: "http.token.revoke", id, at: revoked_at }, envelope);
        // Another call may have been first.
        const revoked: TokenRecord = { ...record, revoked_at: records.get(id)?.revoked_at ?? revoked_at };
        records.set(id, revoked);
        ends.get(id)?.abort(new Error("The token was revoked."));
        return revoked;
      },
    },
    index: {
      find(token) {
        if (!isToken(token)) return undefined;
        const hash = hashOf(token);
        // Found by its hash, of which a caller cannot choose the beginning: how long that takes tells nothing about any other hash.
        const stored = byHash.get(hash.toString("hex"));
        if (stored === undefined || !timingSafeEqual(hash, stored.hash)) return undefined;
        const record = records.get(stored.id);
        return record !== undefined && isValid(record) ? record : undefined;
      },
      revoked: (id) => ends.get(id)?.signal,
      hasAny: () => [...records.values()].some((record) => isValid(record)),
    },
  };

  function keep(record: TokenRecord, hash: Buffer): void {
    records.set(record.id, record);
    ends.set(record.id, new AbortController());
    byHash.set(hash.toString("hex"), { id: record.id, hash });
  }

  function isValid({ expires_at, revoked_at }: TokenRecord): boolean {
    if (revoked_at !== undefined) return false;
    return expires_at === undefined || Date.parse(expires_at) > clock.now();
  }
}

function checked(request: TokenRequest, known: readonly string[], now: number): TokenRequest {
  const what = "tokens.create";
  checkOptions(what, request, ["name", "scopes", "expires_at"]);
  const { name, scopes, expires_at } = request;
  if (typeof name !== "string" || !NAME.test(name))
    throw new TypeError(
      `${what}: name must be 1 to 100 visible ASCII characters, such as "deploy-bot"; got ${JSON.stringify(name)}.`,
    );
  checkScopes(what, scopes, known);
  const distinct = [...new Set(scopes)];
  if (expires_at === undefined) return { name, scopes: distinct };
  const ends = typeof expires_at === "string" ? normalizeTime(expires_at) : undefined;
  if (ends === undefined || Date.parse(ends) <= now)
    throw new TypeError(
      `${what}: expires_at must be a time to come with a zone, such as "2027-01-31T00:00:00Z"; got ${JSON.stringify(expires_at)}.`,
    );
  return { name, scopes: distinct, expires_at: ends };
}

function toRecord({
  hash: _,
  scopes,
  expires_at,
  revoked_at,
  ...row
}: HttpTables["http_tokens"]): TokenRecord {
  return {
    ...row,
    // The row was made of a list of texts.
    scopes: JSON.parse(scopes) as readonly string[],
    ...(expires_at === null ? {} : { expires_at }),
    ...(revoked_at === null ? {} : { revoked_at }),
  };
}
