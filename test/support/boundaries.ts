import { dirname, relative, resolve } from "node:path";
import ts from "typescript";
import { type Boundary, boundaries } from "../../scripts/packages.ts";
import { fullNameOf } from "./checkout.ts";

/** The parts of a package.json that say what a package is built on. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Every package that a manifest names for those who install it. */
function edgesOf({ dependencies, peerDependencies, optionalDependencies }: Manifest): readonly string[] {
  return [...new Set(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }))];
}

/** What is wrong with the edges of a package's manifest. */
export function manifestViolations(name: string, manifest: Manifest): readonly string[] {
  const boundary = boundaryOf(name);
  const { thirdParty, onlyUnder = [] } = boundary;
  const allowed = [
    ...packagesOf(boundary).map(fullNameOf),
    ...thirdParty,
    ...onlyUnder.flatMap((folder) => folder.thirdParty ?? []),
  ];
  return edgesOf(manifest)
    .filter((edge) => !matches(edge, allowed))
    .map((edge) => `${fullNameOf(name)}: package.json names "${edge}", which the table does not allow`);
}

/** A source file of a package. */
export interface Source {
  /** Path below the package's `src`. */
  readonly file: string;
  readonly text: string;
}

/** What is wrong with the imports of one source file. */
export function importViolations(
  name: string,
  manifest: Manifest,
  { file, text }: Source,
): readonly string[] {
  const { importsTypes = [], onlyUnder = [], ...whole } = boundaryOf(name);
  const here = onlyUnder.filter(({ folder }) => file.startsWith(`${folder}/`));
  const imports = [...whole.imports, ...here.flatMap((folder) => folder.imports ?? [])];
  const others = [...whole.thirdParty, ...here.flatMap((folder) => folder.thirdParty ?? [])];
  const declared = edgesOf(manifest);

  return importsOf(file, text).flatMap(({ specifier, isTypeOnly }) => {
    const problem = problemOf(specifier, isTypeOnly);
    return problem === undefined ? [] : [`${fullNameOf(name)}: src/${file} imports "${specifier}"${problem}`];
  });

  function problemOf(specifier: string, isTypeOnly: boolean): string | undefined {
    if (specifier.startsWith("node:")) return undefined;
    if (specifier.startsWith(".")) {
      const target = relative("/src", resolve("/src", dirname(file), specifier));
      return target.startsWith("..") ? ", which lies outside of its own src" : undefined;
    }
    const packageName = packageOf(specifier);
    if (packageName.startsWith("@atlas/")) {
      const other = packageName.slice("@atlas/".length);
      if (!imports.includes(other) && !importsTypes.includes(other))
        return ", which the table does not allow";
      if (!imports.includes(other) && !isTypeOnly)
        return " without `import type`: of that package it may only use types";
    } else if (!matches(packageName, others)) {
      return ", which the table does not allow";
    }
    return declared.includes(packageName)
      ? undefined
      : `, but its package.json does not name "${packageName}"`;
  }
}

/** Edges of the table that do not point upwards. */
export function upwardEdges(table: Readonly<Record<string, Boundary>>): readonly string[] {
  const order = Object.keys(table);
  return Object.entries(table).flatMap(([name, boundary]) =>
    packagesOf(boundary)
      .filter((other) => !order.slice(0, order.indexOf(name)).includes(other))
      .map((other) => `${name} → ${other}`),
  );
}

/** Every package of Atlas that some file of a package may import. */
function packagesOf({ imports, importsTypes = [], onlyUnder = [] }: Boundary): readonly string[] {
  return [...imports, ...importsTypes, ...onlyUnder.flatMap((folder) => folder.imports ?? [])];
}

function boundaryOf(name: string): Boundary {
  const boundary = boundaries[name];
  if (boundary === undefined) throw new Error(`The table has no row for the package "${name}".`);
  return boundary;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function matches(name: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) =>
    entry.endsWith("/*") ? name.startsWith(entry.slice(0, -1)) : name === entry,
  );
}

interface Import {
  readonly specifier: string;
  /** Nothing of it is there at run time. */
  readonly isTypeOnly: boolean;
}

/** Every import of a file: statements, re-exports, `import()` as an expression and as a type. */
function importsOf(file: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier !== undefined && ts.isStringLiteralLike(specifier))
      found.push({ specifier: specifier.text, isTypeOnly });
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return found;
}
