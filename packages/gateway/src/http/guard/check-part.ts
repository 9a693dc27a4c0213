import { didYouMean } from "@atlas/core/internal";
import { z } from "zod";
import { type PartProblem, ProblemError } from "../problem/problem-error.ts";

/** The part of a request that a schema checks. */
export type RequestPart = "path" | "query" | "body";

/** Checks one part of a request, and returns what the schema made of it. */
export type CheckPart = (value: unknown) => unknown;

/**
 * The check of one part by its schema; made once for each route. A name that the schema does not know is refused with the nearest that it
 * knows, also where the schema would drop it: a misspelt option must not do nothing.
 */
export function createPartCheck(part: RequestPart, schema: z.ZodType): CheckPart {
  const known = knownNames(schema);

  return (value) => {
    if (known !== undefined && isRecord(value)) {
      const unknown = Object.keys(value).find((name) => !known.includes(name));
      if (unknown !== undefined) throw refused([unknownName(part, [], unknown, known)]);
    }
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    throw refused(checked.error.issues.flatMap((issue) => problemsOf(part, schema, issue)));
  };
}

// A body of ten thousand wrong fields gets no answer of ten thousand problems.
const MOST_PROBLEMS = 20;

function refused(found: readonly PartProblem[]): ProblemError {
  const errors = found.slice(0, MOST_PROBLEMS);
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join(" ");
  return new ProblemError("ATLAS_HTTP_REQUEST_INVALID", detail, { errors });
}

function problemsOf(part: RequestPart, schema: z.ZodType, issue: z.core.$ZodIssue): readonly PartProblem[] {
  if (issue.code === "unrecognized_keys") {
    const known = knownNames(schemaAt(schema, issue.path)) ?? [];
    return issue.keys.map((name) => unknownName(part, issue.path, name, known));
  }
  return [{ path: pathOf(part, issue.path), message: sentence(issue.message) }];
}

function unknownName(
  part: RequestPart,
  path: readonly PropertyKey[],
  name: string,
  known: readonly string[],
): PartProblem {
  const hint = didYouMean(name, known);
  const names = known.length === 0 ? " Nothing is allowed here." : ` It may be ${known.join(", ")}.`;
  return { path: pathOf(part, [...path, name]), message: `This name is not known.${hint || names}` };
}

/** `body.jobs[2].workflow_id`. A name that the client chose is cut. */
function pathOf(part: RequestPart, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${String(key).slice(0, 100)}`),
    part,
  );
}

/** The names of an object's fields, or nothing where it takes others too. */
function knownNames(schema: z.ZodType | undefined): readonly string[] | undefined {
  const object = schema === undefined ? undefined : unwrapped(schema);
  if (!(object instanceof z.ZodObject)) return undefined;
  const { catchall } = object.def;
  const isOpen = catchall !== undefined && !(catchall instanceof z.ZodNever);
  return isOpen ? undefined : Object.keys(object.shape);
}

function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let at: z.ZodType | undefined = schema;
  for (const key of path) {
    const inner: z.core.$ZodType | undefined = at === undefined ? undefined : unwrapped(at);
    if (inner instanceof z.ZodObject) at = (inner.shape as Record<string, z.ZodType>)[String(key)];
    else if (inner instanceof z.ZodArray) at = inner.element as z.ZodType;
    else return undefined;
  }
  return at;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodExactOptional
  )
    inner = inner.def.innerType;
  return inner;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
