import { covers } from "../../tokens/scopes.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { tokensCreate, tokensList, tokensRevoke } from "../contract/tokens.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Tokens, over HTTP. */
export const tokenRoutes: readonly HttpRoute[] = [
  handleRoute(tokensList, ({ gateway }) => ({ items: gateway.tokens.list() })),
  handleRoute(tokensCreate, ({ gateway, body, caller, envelope }) => {
    const beyond = body.scopes.find((scope) => !covers(caller.scopes, scope));
    if (beyond !== undefined)
      throw new ProblemError(
        "ATLAS_HTTP_SCOPE_MISSING",
        `The token that asks does not have the scope ${JSON.stringify(beyond.slice(0, 100))}, so it cannot give it to another one.`,
      );
    return gateway.tokens.create(body, envelope);
  }),
  handleRoute(tokensRevoke, ({ gateway, params, caller, envelope }) => {
    const { id } = params;
    const scopes = gateway.tokens.list().find((token) => token.id === id)?.scopes ?? [];
    if (!scopes.every((scope) => covers(caller.scopes, scope)))
      throw new ProblemError(
        "ATLAS_HTTP_SCOPE_MISSING",
        "The token that asks may do less than the one that it asks to revoke.",
      );
    return gateway.tokens.revoke(id, envelope);
  }),
];
