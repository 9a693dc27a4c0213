import type { GatewayRoute } from "../../extensions/route.ts";

/** A route of an extension that the console shows as a view of its own. */
export interface Panel {
  readonly extension: string;
  readonly title: string;
  /** Where the console reads it, with the token of who looks at it. */
  readonly path: string;
}

/** The panels among the routes of extensions. */
export function panelsOf(routes: readonly GatewayRoute[]): readonly Panel[] {
  return routes.flatMap(({ extension, path, panel }) =>
    panel === undefined ? [] : [{ extension, title: panel.title, path }],
  );
}
