import { didYouMean } from "@atlas/core/internal";
import { ProblemError } from "../problem/problem-error.ts";
import type { PreparedRoute } from "./route-table.ts";

/** Why no route answers: the path has other methods (405), or there is no such path (404, with the nearest). */
export function unknownRoute(
  method: string,
  path: string,
  about: { readonly routes: readonly PreparedRoute[]; readonly inside: string | undefined },
): ProblemError {
  const { routes, inside = "" } = about;
  const methods = routes.filter(({ matches }) => matches.test(inside)).map(({ contract }) => contract.method);
  if (methods.length > 0) {
    const allow = [...new Set(methods.flatMap((one) => (one === "GET" ? ["GET", "HEAD"] : one)))].join(", ");
    return new ProblemError(
      "ATLAS_HTTP_METHOD_NOT_ALLOWED",
      `${method} is not possible here. Use ${allow}.`,
      {
        headers: { allow },
      },
    );
  }
  const known = [...new Set(routes.map(({ contract }) => contract.path))];
  return new ProblemError(
    "ATLAS_HTTP_ROUTE_UNKNOWN",
    `There is no ${JSON.stringify(path.slice(0, 200))}.${didYouMean(inside, known) || " /openapi.json lists every path."}`,
  );
}
