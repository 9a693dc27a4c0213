import { createHash, timingSafeEqual } from "node:crypto";
import type { Caller } from "../app/handler.ts";
import type { HttpOptions } from "../app/http-options.ts";
import type { RouteContract } from "../contract/route.ts";
import { ProblemError } from "../problem/problem-error.ts";

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;

/** Tells who sends a request. */
export interface Callers {
  callerOf(request: Request, scope: RouteContract["scope"]): Caller;
}

/** The callers that one application knows. */
export function createCallers({ token }: HttpOptions): Callers {
  const known = token === undefined ? undefined : sha256(token);
  return {
    callerOf(request, scope) {
      if (scope === "public") return { actor: "anonymous", tokenId: "anonymous", scopes: [] };
      const given = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
      if (known === undefined || given === undefined || !timingSafeEqual(sha256(given), known))
        throw new ProblemError(
          "ATLAS_HTTP_TOKEN_INVALID",
          "A valid token is needed: Authorization: Bearer <token>.",
          {
            headers: { "www-authenticate": "Bearer" },
          },
        );
      return { actor: "token:static", tokenId: "static", scopes: ["*"] };
    },
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
