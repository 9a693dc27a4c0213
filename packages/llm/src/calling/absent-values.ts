import { acceptsNull, type JsonSchema, resolved } from "./closed-schema.ts";

/**
 * Undoes what a closed schema asked of an answer: removes each property that is `null`, optional in the open schema, and not
 * allowed to be `null` there.
 */
export function withoutAbsent(value: unknown, open: JsonSchema, root: JsonSchema = open): unknown {
  const schema = resolved(open, root);
  if (schema === undefined || typeof value !== "object" || value === null) return value;
  const branches: unknown = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(branches)) {
    return branches
      .flatMap((branch): readonly JsonSchema[] => {
        const one = resolved(branch, root);
        return one === undefined ? [] : [one];
      })
      .filter((branch) => isMeant(branch, value))
      .reduce<unknown>((left, branch) => withoutAbsent(left, branch, root), value);
  }
  const { items, properties, required } = schema;
  if (Array.isArray(value)) {
    const each = resolved(items, root);
    return each === undefined ? value : value.map((item) => withoutAbsent(item, each, root));
  }
  const known = resolved(properties, root) ?? {};
  const needed = Array.isArray(required) ? required : [];
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]): [string, unknown][] => {
      const property = Object.hasOwn(known, name) ? resolved(known[name], root) : undefined;
      if (property === undefined) return [[name, one]];
      if (one === null && !needed.includes(name) && !acceptsNull(property, root)) return [];
      return [[name, withoutAbsent(one, property, root)]];
    }),
  );
}

/** The constants of a branch, such as `kind: "circle"`, say whether a value is meant for it. */
function isMeant({ properties }: JsonSchema, value: object): boolean {
  return Object.entries(typeof properties === "object" && properties !== null ? properties : {}).every(
    ([name, property]: [string, unknown]) => {
      const constant: unknown =
        typeof property === "object" && property !== null ? Reflect.get(property, "const") : undefined;
      return constant === undefined || Reflect.get(value, name) === constant;
    },
  );
}
