/** What strict mode has against a schema, as OpenAI says it; undefined where it takes the schema. */
export function strictProblem(schema: unknown, context: readonly string[] = []): string | undefined {
  const say = (problem: string): string =>
    `In context=(${context.map((step) => `'${step}'`).join(", ")}), ${problem}`;
  const node = recordOf(schema);
  if (node === undefined) return say("schema must be an object.");
  const refused = Object.keys(node).find((keyword) => REFUSED.has(keyword));
  if (refused !== undefined) return say(`'${refused}' is not permitted.`);
  if (!SAYS_WHAT.some((keyword) => keyword in node)) return say("schema must have a 'type' key.");
  const properties = recordOf(node.properties) ?? {};
  if ([node.type].flat().includes("object")) {
    if (node.additionalProperties !== false) {
      return say("'additionalProperties' is required to be supplied and to be false.");
    }
    const required: readonly unknown[] = Array.isArray(node.required) ? node.required : [];
    const missing = Object.keys(properties).find((name) => !required.includes(name));
    if (missing !== undefined) {
      return say(
        `'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
      );
    }
  }
  if ([node.type].flat().includes("array") && node.items === undefined)
    return say("array schema missing items.");
  const parts: readonly (readonly [string, unknown])[] = [
    ...Object.entries(properties),
    ...Object.entries(recordOf(node.definitions) ?? {}),
    ...Object.entries(recordOf(node.$defs) ?? {}),
    ...(node.items === undefined ? [] : [["items", node.items] as const]),
    ...(Array.isArray(node.anyOf) ? node.anyOf.map((branch, index) => [String(index), branch] as const) : []),
  ];
  return parts
    .map(([name, part]) => strictProblem(part, [...context, name]))
    .find((problem) => problem !== undefined);
}

const SAYS_WHAT = ["type", "enum", "const", "$ref", "anyOf"] as const;
// platform.openai.com/docs/guides/structured-outputs
const REFUSED: ReadonlySet<string> = new Set([
  "allOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "default",
  "dependentRequired",
  "dependentSchemas",
  "patternProperties",
  "propertyNames",
  "minProperties",
  "maxProperties",
  "unevaluatedProperties",
  "contains",
  "minContains",
  "maxContains",
  "uniqueItems",
  "minLength",
  "maxLength",
  "prefixItems",
  "additionalItems",
]);

/** A field of a body of JSON, however deep. */
export function fieldAt(body: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => recordOf(at)?.[name], body);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  // Sound: it is an object and no array.
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
