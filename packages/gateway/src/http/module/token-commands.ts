import { defineCommand, idText, jsonText, timeText } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import type { GatewayErrorCode } from "../../errors.ts";
import type { HttpTables } from "./tables.ts";

type TokenRow = HttpTables["http_tokens"];

const insertToken = lazyStatement<HttpTables, TokenRow>((db, p) =>
  db
    .insertInto("http_tokens")
    .values(p.columns(["id", "name", "hash", "scopes", "created_at", "expires_at", "revoked_at"]))
    .onConflict((conflict) => conflict.doNothing()),
);

const revokeToken = lazyStatement<HttpTables, { id: string; at: string }>((db, p) =>
  db
    .updateTable("http_tokens")
    .set((row) => ({ revoked_at: row.fn.coalesce("revoked_at", p.at) }))
    .where("id", "=", p.id),
);

const command = defineCommand<HttpTables>();

/**
 * Stores a token by its hash. The command stands in the journal with that hash, which gives nothing away: the token has 256 random
 * bits, so nobody finds it by trying. It emits no event, since events go out to sinks.
 */
export const tokenCreate = command({
  schema: lazySchema(() =>
    z.object({
      id: idText,
      name: idText,
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      scopes: z.array(idText).min(1).max(100),
      created_at: timeText.optional(),
      expires_at: timeText.optional(),
    }),
  ),
  prepare: (token, { now }) => ({ ...token, created_at: token.created_at ?? now }),
  apply: ({ scopes, expires_at, ...token }, change) => {
    const code: GatewayErrorCode = "ATLAS_GATEWAY_TOKEN_NAME_TAKEN";
    const row = { ...token, scopes: jsonText(scopes), expires_at: expires_at ?? null, revoked_at: null };
    change.run(insertToken, row, {
      ifNone: { refuse: code, message: nameTaken(token.name), details: { name: token.name } },
    });
  },
});

/** Ends a token. One that was revoked before keeps its time. */
export const tokenRevoke = command({
  schema: lazySchema(() => z.object({ id: idText, at: timeText.optional() })),
  prepare: ({ id, at }, { now }) => ({ id, at: at ?? now }),
  apply: ({ id, at }, change) => {
    const code: GatewayErrorCode = "ATLAS_GATEWAY_TOKEN_NOT_FOUND";
    change.run(
      revokeToken,
      { id, at },
      { ifNone: { refuse: code, message: tokenNotFound(id), details: { id } } },
    );
  },
});

/** The message for a name that a token has. */
export function nameTaken(name: string): string {
  return `There is a token named "${name}" that was not revoked. Choose another name, or revoke it first.`;
}

/** The message for an id that no token has. */
export function tokenNotFound(id: string): string {
  return `There is no token "${id}". gateway.tokens.list() has the ids.`;
}
