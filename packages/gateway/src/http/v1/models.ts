import type { Gateway } from "../../gateway.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { getModel, listModels } from "../contract/v1.ts";
import { answered, jsonResponse } from "./answered.ts";
import { knownProfile, profilesOf } from "./known-profile.ts";

/** The profiles as models. */
export const modelRoutes: readonly HttpRoute[] = [
  handleRoute(listModels, ({ gateway }) => ({
    object: "list" as const,
    data: profilesOf(gateway).map((profile) => modelOf(gateway, profile)),
  })),
  handleRoute(getModel, (call) =>
    answered(call, async () =>
      jsonResponse(modelOf(call.gateway, knownProfile(call.gateway, call.params.id))),
    ),
  ),
];

function modelOf(gateway: Gateway, id: string) {
  // When a profile was written is not known.
  return { id, object: "model" as const, created: 0, owned_by: ownerOf(gateway, id) };
}

/** The candidate that a call would ask first now: `mock` where no model would answer. */
function ownerOf({ llm }: Gateway, profile: string): string {
  if (!llm.hasRouter) return "atlas";
  const { candidates } = llm.explainRoute(profile);
  return (candidates.find(({ state }) => state === "ready") ?? candidates[0])?.candidate ?? "atlas";
}
