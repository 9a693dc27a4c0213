import { dataNames } from "../app/data-names.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { explainRoute, listCalls } from "../contract/models.ts";
import { ProblemError } from "../problem/problem-error.ts";

/** Language models and their calls, over HTTP. */
export const modelRoutes: readonly HttpRoute[] = [
  handleRoute(explainRoute, ({ gateway, query }) => {
    try {
      return dataNames(gateway.llm.explainRoute(query.profile));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new ProblemError(
        "ATLAS_HTTP_CONFLICT",
        "This gateway has a single model and no routes. Give it a routing file to have profiles.",
      );
    }
  }),
  handleRoute(listCalls, ({ gateway, query }) => gateway.repo.llm.listRecentCalls(query)),
];
