import { ownManifest } from "../../own-manifest.ts";
import { type Finding, ok, problem } from "./finding.ts";

/** Whether this Node is new enough. */
export function checkNode(version: string): Finding {
  const { node } = ownManifest().engines;
  const [least = 0, leastMinor = 0] = (/\d+(\.\d+)*/.exec(node)?.[0] ?? "").split(".").map(Number);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > least || (major === least && minor >= leastMinor)) return ok("node", `Node ${version}`);
  return problem("node", `Node ${version}; Atlas needs ${node}`, "Install a newer Node, then run `npm ci`.");
}
