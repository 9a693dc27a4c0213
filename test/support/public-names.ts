import ts from "typescript";
import { readText } from "./checkout.ts";

/** The names that an entry file exports, sorted. */
export interface PublicNames {
  /** Functions, classes and constants. */
  readonly values: readonly string[];
  /** Interfaces and type aliases. */
  readonly types: readonly string[];
}

/**
 * Reads the names that an entry file exports, such as `packages/core/src/index.ts`. The text tells values from types,
 * because `verbatimModuleSyntax` makes every export of a type say so. `export *` is an error: it does not say what it
 * exports.
 */
export function publicNames(entryFile: string): PublicNames {
  const file = ts.createSourceFile(entryFile, readText(entryFile), ts.ScriptTarget.Latest, true);
  const values: string[] = [];
  const types: string[] = [];
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause, isTypeOnly } = statement;
      if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
        throw new Error(`${entryFile}: "${statement.getText()}" does not list the names that it exports.`);
      }
      for (const { name, isTypeOnly: isType } of exportClause.elements) {
        (isTypeOnly || isType ? types : values).push(name.text);
      }
    } else if (isExported(statement)) {
      const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      (isType ? types : values).push(...declaredNames(statement));
    }
  }
  // Overloads declare one name several times.
  return { values: [...new Set(values)].sort(), types: [...new Set(types)].sort() };
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

function declaredNames(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement)
  ) {
    return [statement.name?.text ?? "default"];
  }
  throw new Error(`Cannot tell what "${statement.getText()}" exports.`);
}
