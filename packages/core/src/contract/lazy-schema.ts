import type { z } from "zod";

/**
 * A schema that is made when it is first used. The commands of Atlas's own modules have such schemas: making all of them would
 * be a third of the time that importing takes, and most processes use few. It can be used like the schema itself.
 */
export function lazySchema<Schema extends z.ZodType>(make: () => Schema): Schema {
  let made: Schema | undefined;
  const schema = (): Schema => {
    made ??= make();
    return made;
  };
  // The target stays empty: reading any property reads the schema's, and zod's `instanceof` reads a property too.
  return new Proxy({} as Schema, {
    get: (_, name) => Reflect.get(schema(), name),
    has: (_, name) => Reflect.has(schema(), name),
  });
}
