import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Running, startAtlas } from "./atlas.ts";

/** What `atlas start` leaves beside its database. */
export interface Served {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

/** Starts a gateway in a project, and waits until it runs. */
export async function startGateway(
  cwd: string,
  options: { readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] } = {},
): Promise<Running & { readonly served: Served }> {
  const { env = {}, args = [] } = options;
  const running = startAtlas(["start", "--json", ...args], { cwd, env });
  await running.printed(/"status":"started"/);
  return { ...running, served: readServed(cwd) };
}

/** The file beside the database of a project. */
export function readServed(cwd: string): Served {
  return JSON.parse(readFileSync(join(cwd, "data/atlas.db.serve.json"), "utf8")) as Served;
}
