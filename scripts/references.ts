// The tsconfig files that follow from the table of packages and from what each package.json names.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { boundaries } from "./packages.ts";
import { root } from "./run-steps.ts";

/** A JSON file of the checkout and what it must contain. */
export interface GeneratedFile {
  /** Relative to the root. */
  readonly path: string;
  readonly content: unknown;
}

type Edges = Readonly<Record<string, string>>;

/** The parts of a package.json that decide about references. */
interface Manifest {
  /** On npm; the folder may have another name. */
  readonly name: string;
  readonly dependencies?: Edges;
  readonly peerDependencies?: Edges;
  readonly devDependencies?: Edges;
}

const names = Object.keys(boundaries);

// What the tests of packages import from `test/support`, so that it is a project that they can reference.
const sharedSupport = [
  "checkout.ts",
  "public-names.ts",
  "random.ts",
  "test-driver.ts",
  "writing-connections.ts",
];

/** The root tsconfig, the one of the tools, and three for each package. `tsc -b` and editors read them as usual. */
export function references(): readonly GeneratedFile[] {
  const tools = {
    extends: "./tsconfig.base.json",
    compilerOptions: {
      rootDir: ".",
      outDir: "node_modules/.cache/tsc/tools",
      tsBuildInfoFile: "node_modules/.cache/tsc/tools.tsbuildinfo",
    },
    include: ["*.ts", "scripts", "bench", "test", "examples"],
    exclude: [...sharedSupport.map((file) => `test/support/${file}`)],
    references: paths(["test/support", ...names.map((name) => `packages/${name}/tsconfig.build.json`)]),
  };
  const support = {
    extends: "../../tsconfig.base.json",
    compilerOptions: {
      rootDir: ".",
      outDir: "../../node_modules/.cache/tsc/test-support",
      tsBuildInfoFile: "../../node_modules/.cache/tsc/test-support.tsbuildinfo",
    },
    include: sharedSupport,
    references: paths(["../../packages/core/tsconfig.build.json"]),
  };
  const all = paths([...names.map((name) => `packages/${name}`), "tsconfig.tools.json"]);
  return [
    { path: "tsconfig.json", content: { files: [], references: all } },
    { path: "tsconfig.tools.json", content: tools },
    { path: "test/support/tsconfig.json", content: support },
    ...names.flatMap(packageFiles),
    pageFile(),
  ];
}

// Scripts that run in a browser as they are: their types are comments, and those of the API are taken from the package.
const PAGE = { package: "gateway", folder: "console", config: "tsconfig.console.json" } as const;

function pageFile(): GeneratedFile {
  const { extends: base, compilerOptions: options } = compilerOptions(PAGE.package, {
    rootDir: PAGE.folder,
    output: PAGE.folder,
    buildInfo: PAGE.folder,
  });
  return {
    path: `packages/${PAGE.package}/${PAGE.config}`,
    content: {
      extends: base,
      compilerOptions: {
        ...options,
        allowJs: true,
        checkJs: true,
        lib: ["es2024", "dom", "dom.iterable", "dom.asynciterable"],
        types: [],
      },
      include: [PAGE.folder],
      references: paths(["./tsconfig.build.json"]),
    },
  };
}

function packageFiles(name: string): readonly GeneratedFile[] {
  const { dependencies, peerDependencies, devDependencies } = manifestOf(name);
  const edges = projectsOf({ ...dependencies, ...peerDependencies });
  const testEdges = projectsOf({ ...dependencies, ...peerDependencies, ...devDependencies });
  const own = ["./tsconfig.build.json", "./tsconfig.test.json"];
  if (name === PAGE.package) own.push(`./${PAGE.config}`);
  return [
    { path: `packages/${name}/tsconfig.json`, content: { files: [], references: paths(own) } },
    {
      path: `packages/${name}/tsconfig.build.json`,
      content: {
        ...compilerOptions(name, { rootDir: "src", output: "src", buildInfo: "build" }),
        include: ["src"],
        references: paths(edges),
      },
    },
    {
      path: `packages/${name}/tsconfig.test.json`,
      content: {
        ...compilerOptions(name, { rootDir: ".", output: "test", buildInfo: "test" }),
        include: ["test"],
        references: paths(["../../test/support", "./tsconfig.build.json", ...testEdges]),
      },
    },
  ];
}

function compilerOptions(
  name: string,
  {
    rootDir,
    output,
    buildInfo,
  }: { readonly rootDir: string; readonly output: string; readonly buildInfo: string },
) {
  const cache = `../../node_modules/.cache/tsc/${name}`;
  return {
    extends: "../../tsconfig.base.json",
    compilerOptions: {
      rootDir,
      outDir: `${cache}/${output}`,
      tsBuildInfoFile: `${cache}/${buildInfo}.tsbuildinfo`,
    },
  };
}

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) as Manifest;
}

/** The projects of Atlas among a manifest's edges, in the order of the table. */
function projectsOf(edges: Edges): readonly string[] {
  return names
    .filter((other) => manifestOf(other).name in edges)
    .map((other) => `../${other}/tsconfig.build.json`);
}

function paths(projects: readonly string[]): readonly { readonly path: string }[] {
  return projects.map((path) => ({ path }));
}
