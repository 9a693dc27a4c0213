import { isDeepStrictEqual } from "node:util";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema that a service takes in strict mode, and what has to be undone to its answers. */
export interface ClosedSchema {
  readonly schema: JsonSchema;
  /** The value stands as `value` in an object, because an answer has to be an object. */
  readonly isWrapped: boolean;
}

// platform.openai.com/docs/guides/structured-outputs: the keywords that strict mode supports, and those that it refuses.
const KEPT = new Set(
  "type description enum const $ref pattern multipleOf minimum maximum exclusiveMinimum exclusiveMaximum minItems maxItems".split(
    " ",
  ),
);
const FORMATS = new Set("date-time time date duration email hostname ipv4 ipv6 uuid".split(" "));
/** They only narrow the values, so a service may miss them: the answer is validated anyway. The model is told in words. */
const TOLD = ["minLength", "maxLength", "uniqueItems", "format"] as const;
/** They say nothing about the values. */
const DROPPED = new Set(
  "$schema $id $comment title default examples readOnly writeOnly deprecated".split(" "),
);

/**
 * Closes a JSON Schema for the strict mode of services: every object lists all its properties, requires them and allows no
 * others. An optional property becomes one that may be `null`. Undefined for a schema that cannot be closed, such as one with
 * a record or a tuple.
 */
export function closeSchema(open: JsonSchema): ClosedSchema | undefined {
  const { definitions, $defs, ...root } = open;
  const closed = closeNode(root, open);
  const named = { ...closedMap("definitions", definitions, open), ...closedMap("$defs", $defs, open) };
  if (closed === undefined || Object.values(named).includes(undefined)) return undefined;
  if (closed.type === "object") return { schema: { ...closed, ...named }, isWrapped: false };
  // A reference to the root would now lead to the wrapper.
  if (JSON.stringify(open).includes('"$ref":"#"')) return undefined;
  return { schema: { ...objectOf({ value: closed }), ...named }, isWrapped: true };
}

/** True for a schema that a service takes in strict mode. */
export function isClosed(schema: JsonSchema): boolean {
  return isDeepStrictEqual(closeSchema(schema)?.schema, schema);
}

/** True for a schema that `null` fits. */
export function acceptsNull(node: unknown, root: JsonSchema): boolean {
  const schema = resolved(node, root);
  if (schema === undefined) return true;
  const { type, enum: values, const: value, anyOf, oneOf } = schema;
  const branches = listOf(anyOf ?? oneOf);
  if (branches !== undefined) return branches.some((branch) => acceptsNull(branch, root));
  if (value !== undefined || values !== undefined)
    return value === null || listOf(values)?.includes(null) === true;
  return type === undefined || [type].flat().includes("null");
}

/** The schema that a part of a schema refers to, or the part itself; undefined for anything that is not a schema. */
export function resolved(node: unknown, root: JsonSchema): JsonSchema | undefined {
  let schema = isSchema(node) ? withoutLoneAllOf(node) : undefined;
  for (let steps = 0; steps < 10 && typeof schema?.$ref === "string"; steps += 1) {
    const target: unknown = schema.$ref
      .split("/")
      .slice(1)
      .reduce<unknown>((at, name) => (isSchema(at) ? at[name] : undefined), root);
    schema = isSchema(target) ? withoutLoneAllOf(target) : undefined;
  }
  return schema;
}

/** In the older drafts, a reference stands in an `allOf` of its own if anything is said beside it. */
function withoutLoneAllOf(schema: JsonSchema): JsonSchema {
  const { allOf, ...rest } = schema;
  const [only, ...others] = listOf(allOf) ?? [];
  return isSchema(only) && others.length === 0 ? { ...rest, ...only } : schema;
}

function closeNode(given: unknown, root: JsonSchema): JsonSchema | undefined {
  if (!isSchema(given)) return undefined;
  const node = withoutLoneAllOf(given);
  const kept: Record<string, unknown> = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(node)) {
    if (KEPT.has(key) || (key === "format" && FORMATS.has(String(value)))) kept[key] = value;
    else if (TOLD.some((name) => name === key)) told.push(`${key}: ${String(value)}`);
    else if (!DROPPED.has(key) && !STRUCTURE.has(key)) return undefined;
  }
  const parts = [closeObject(node, root), closeArray(node, root), closeBranches(node, root)];
  if (parts.includes(undefined) || !saysWhat(node)) return undefined;
  const description = [kept.description, ...told].filter((text) => text !== undefined).join("; ");
  return Object.assign(kept, ...parts, description === "" ? {} : { description });
}

const STRUCTURE = new Set("properties required additionalProperties items anyOf oneOf allOf".split(" "));

/** A schema of everything is refused. */
function saysWhat({ type, enum: values, const: value, $ref, anyOf, oneOf }: JsonSchema): boolean {
  return [type, values, value, $ref, anyOf, oneOf].some((said) => said !== undefined);
}

function closeObject(node: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  const { properties, required, additionalProperties = false, allOf } = node;
  // The parts of an intersection cannot be closed one by one.
  if (allOf !== undefined || additionalProperties !== false) return undefined;
  if (![node.type].flat().includes("object")) return properties === undefined ? {} : undefined;
  if (!isSchema(properties)) return undefined;
  const needed = new Set(listOf(required) ?? []);
  const closed: Record<string, JsonSchema> = {};
  for (const [name, property] of Object.entries(properties)) {
    const one = closeNode(property, root);
    if (one === undefined) return undefined;
    const needsNull = !needed.has(name) && !acceptsNull(property, root);
    closed[name] = needsNull ? { anyOf: [one, { type: "null" }] } : one;
  }
  return objectOf(closed);
}

function objectOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function closeArray({ type, items }: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  if (![type].flat().includes("array")) return items === undefined ? {} : undefined;
  const closed = closeNode(items, root);
  return closed === undefined ? undefined : { items: closed };
}

/** `oneOf` is refused. The branches of a union seldom overlap, and the answer is validated anyway. */
function closeBranches({ anyOf, oneOf }: JsonSchema, root: JsonSchema): JsonSchema | undefined {
  if (anyOf === undefined && oneOf === undefined) return {};
  if (anyOf !== undefined && oneOf !== undefined) return undefined;
  const branches = (listOf(anyOf ?? oneOf) ?? []).map((branch) => closeNode(branch, root));
  return branches.includes(undefined) ? undefined : { anyOf: branches };
}

function closedMap(name: string, map: unknown, root: JsonSchema): Readonly<Record<string, unknown>> {
  if (map === undefined) return {};
  if (!isSchema(map)) return { [name]: undefined };
  const closed = Object.entries(map).map(([key, node]) => [key, closeNode(node, root)] as const);
  return { [name]: closed.some(([, node]) => node === undefined) ? undefined : Object.fromEntries(closed) };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
