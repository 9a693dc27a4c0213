import { type HttpRoute, handleRoute } from "../app/handler.ts";
import {
  getArtifact,
  getEntity,
  getEvent,
  listArtifacts,
  listEntities,
  listEvents,
} from "../contract/data.ts";
import { ProblemError } from "../problem/problem-error.ts";
import { foundRecord } from "./not-found.ts";
import { preferredType } from "./preferred-type.ts";

/** Entities, events and artifacts, over HTTP. */
export const dataRoutes: readonly HttpRoute[] = [
  handleRoute(listEntities, ({ gateway, query }) => gateway.repo.listEntities(query)),
  handleRoute(getEntity, async ({ gateway, params: { id } }) =>
    foundRecord("entity", id, await gateway.repo.getEntity(id)),
  ),
  handleRoute(listEvents, ({ gateway, query }) => gateway.repo.listEvents(query)),
  handleRoute(getEvent, async ({ gateway, params: { id } }) =>
    foundRecord("event", id, await gateway.repo.getEvent(id)),
  ),
  handleRoute(listArtifacts, ({ gateway, query }) => gateway.repo.findArtifacts(query)),
  handleRoute(getArtifact, async ({ gateway, params: { id }, request }) => {
    const artifact = foundRecord("artifact", id, await gateway.repo.getArtifact(id));
    const offered =
      artifact.content_md === undefined ? ["application/json"] : ["application/json", "text/markdown"];
    const type = preferredType(request.headers.get("accept"), offered);
    if (type === undefined)
      throw new ProblemError(
        "ATLAS_HTTP_NOT_ACCEPTABLE",
        `The artifact "${id}" is there as ${offered.join(" and ")}, and Accept takes neither.`,
      );
    const headers = { "content-type": `${type}; charset=utf-8`, vary: "accept" };
    // Untrusted text: as text it is shown, and never run.
    return type === "text/markdown"
      ? new Response(artifact.content_md, { headers })
      : new Response(JSON.stringify(artifact), { headers: { ...headers, "content-type": type } });
  }),
];
