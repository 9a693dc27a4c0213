import { createRequire } from "node:module";

/** The parts of this package's own package.json that it speaks of. */
interface OwnManifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Read by the package's own name: where the file lies depends on whether the code is bundled. */
export function ownManifest(): OwnManifest {
  return createRequire(import.meta.url)("@atlas/cli/package.json") as OwnManifest;
}

export function ownVersion(): string {
  return ownManifest().version;
}
