import type { z } from "zod";
import { didYouMean } from "../nearest.ts";
import { harnessKeys, outputParserTypes } from "./harness-schema.ts";
import { innerKeys, sectionKeys, topKeys } from "./schema.ts";

/** A mistake in a configuration, and its place. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** Keys with a special meaning in JavaScript. */
export function* forbiddenKeys(value: unknown, path: readonly PropertyKey[]): Iterable<Problem> {
  if (typeof value !== "object" || value === null || path.length > 20) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__" || key === "constructor" || key === "prototype") {
      yield { path: [...path, key], text: "this key is not allowed." };
    } else {
      yield* forbiddenKeys(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

/** What a schema found, in the words of a user. */
export function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(path);
    return issue.keys.map((key) => ({ path: [...path, key], text: `unknown key.${hintFor(key, known)}` }));
  }
  if (issue.code === "invalid_union") {
    const inner = insideOptions(issue);
    if (inner.length > 0) return inner.flatMap((one) => problemsOf({ ...one, path: [...path, ...one.path] }));
    return [{ path, text: unionText(path, issue.input) }];
  }
  return [{ path, text: sentence(issue.message.replace(/^Invalid input: /, "")) }];
}

function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return topKeys;
  if (path[0] === "harnesses") return harnessKeys;
  return path.length === 1 ? sectionKeys : innerKeys;
}

/** What is expected where none of several shapes fits. */
function unionText(path: readonly PropertyKey[], given: unknown): string {
  if (path[0] !== "harnesses") return "expected a list of candidates, at least one, or { candidates: […] }.";
  switch (path[2] === "output_parsers" ? path.at(-1) : path[2]) {
    case "type": {
      const type = typeof given === "object" && given !== null ? Reflect.get(given, "type") : given;
      const hint = typeof type === "string" ? didYouMean(type, outputParserTypes) : "";
      return `expected one of ${outputParserTypes.join(", ")}.${hint}`;
    }
    case "env":
      return 'expected a list of names, such as ["HOUSE_KEY"], or an object with a text or true for each name.';
    case "modes":
      return "expected a list of modes (plan, propose, apply), or an object with options for each of them.";
    default:
      return "expected a text, a number, true, false or null.";
  }
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** The problems of a profile that was meant to be an object with candidates, because no list has such a problem. */
function insideOptions({ errors }: Extract<z.core.$ZodIssue, { code: "invalid_union" }>) {
  const options = errors.find((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === "unrecognized_keys"),
  );
  return options ?? [];
}

function hintFor(key: string, known: readonly string[]): string {
  if (!/^api_?key$/i.test(key)) {
    const longer = known.find((one) => one.endsWith(`_${key}`) || one.startsWith(`${key}_`));
    return longer === undefined ? didYouMean(key, known) : ` Did you mean "${longer}"?`;
  }
  return " Do not put keys into this file: name an environment variable in api_key_env.";
}
