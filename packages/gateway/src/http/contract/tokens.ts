import { z } from "zod";
import { defineRoute } from "./route.ts";

const record = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()).readonly(),
  created_at: z.string(),
  expires_at: z.string().exactOptional(),
  revoked_at: z.string().exactOptional(),
});

export const tokensList = defineRoute({
  id: "tokens.list",
  method: "GET",
  path: "/tokens",
  scope: { group: "tokens", access: "read" },
  summary: "Lists every token that was created, without the tokens themselves.",
  answer: {
    status: 200,
    description: "The tokens, the oldest first, also those that have expired or were revoked.",
    schema: z.object({ items: z.array(record).readonly() }),
  },
});

export const tokensCreate = defineRoute({
  id: "tokens.create",
  method: "POST",
  path: "/tokens",
  scope: { group: "tokens", access: "write" },
  summary: "Creates a token. It may do no more than the token that asks for it.",
  body: z.strictObject({
    name: z.string(),
    scopes: z.array(z.string()).min(1).max(100),
    expires_at: z.string().exactOptional(),
  }),
  answer: {
    status: 201,
    description: "The token, which is shown this once, and its record.",
    schema: z.object({ token: z.string(), record }),
  },
  problems: [409],
  // Its answer holds the token, which must not be stored. A repeated request finds the name taken.
  idempotent: false,
});

export const tokensRevoke = defineRoute({
  id: "tokens.revoke",
  method: "DELETE",
  path: "/tokens/{id}",
  scope: { group: "tokens", access: "write" },
  summary: "Ends a token at once.",
  params: z.object({ id: z.string() }),
  answer: { status: 200, description: "The record of the token.", schema: record },
  problems: [404],
});
