type Schema = Readonly<Record<string, unknown>>;

const DEEPEST = 20;

/**
 * Returns the simplest value that fits a JSON Schema: required fields only, shortest lists, first choices. It does not
 * satisfy patterns, or rules between fields.
 */
export function sampleOf(schema: Schema, root: Schema = schema, depth = 0): unknown {
  if (depth > DEEPEST) return null;
  const inner = (part: unknown): unknown => sampleOf(isSchema(part) ? part : {}, root, depth + 1);
  if (typeof schema["$ref"] === "string") return inner(referenced(schema["$ref"], root));
  if ("const" in schema) return schema["const"];
  if ("default" in schema) return schema["default"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  for (const key of ["anyOf", "oneOf"]) {
    const choices = schema[key];
    if (Array.isArray(choices)) return inner(choices[0]);
  }
  if (Array.isArray(schema["allOf"])) {
    return Object.assign({}, ...schema["allOf"].map(inner));
  }
  const type = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  switch (type) {
    case "string":
      return sampleText(schema);
    case "number":
    case "integer":
      return sampleNumber(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    case "array": {
      const items = Array.isArray(schema["prefixItems"]) ? schema["prefixItems"].map(inner) : [];
      const least = typeof schema["minItems"] === "number" ? schema["minItems"] : 0;
      while (items.length < least) items.push(inner(schema["items"]));
      return items;
    }
    default:
      return sampleObject(schema, inner);
  }
}

function sampleObject(schema: Schema, inner: (part: unknown) => unknown): object {
  const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.fromEntries(required.map((key) => [String(key), inner(properties[String(key)])]));
}

const formats: Readonly<Record<string, string>> = {
  "date-time": "2026-01-01T00:00:00.000Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  email: "mock@mail.example",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function sampleText({ format, minLength, maxLength }: Schema): string {
  const text = formats[String(format)] ?? "mock";
  const least = typeof minLength === "number" ? Math.min(minLength, 10_000) : 0;
  const most = typeof maxLength === "number" ? maxLength : text.length + least;
  return text.padEnd(least, ".").slice(0, most);
}

function sampleNumber({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Schema): number {
  if (typeof minimum === "number" && minimum > 0) return minimum;
  if (typeof exclusiveMinimum === "number" && exclusiveMinimum >= 0) return exclusiveMinimum + 1;
  if (typeof maximum === "number" && maximum < 0) return maximum;
  if (typeof exclusiveMaximum === "number" && exclusiveMaximum <= 0) return exclusiveMaximum - 1;
  return 0;
}

function referenced(reference: string, root: Schema): unknown {
  if (!reference.startsWith("#")) return {};
  return reference
    .slice(1)
    .split("/")
    .filter((step) => step !== "")
    .reduce<unknown>((part, step) => (isSchema(part) ? part[step] : undefined), root);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null;
}
