import type { JsonValue } from "@atlas/core";

/**
 * Nothing more to ask of a function that returns `Result`, if JSON can hold `Result`; otherwise a type that no function has, and that
 * says so. Unlike `JsonValue`, it takes interfaces, and nothing at all (`undefined`, `void`).
 */
export type ReturnsJson<Result> = [Result] extends [JsonValue | undefined]
  ? unknown
  : [Result] extends [JsonOrNothing<Result>]
    ? unknown
    : { readonly "The result must be JSON": never };

// biome-ignore lint/suspicious/noConfusingVoidType: it is what a function without a return statement returns.
type JsonOrNothing<Value> = Value extends undefined | void ? Value : JsonPart<Value>;

// What is JSON as it is, or unchecked, is not taken apart: `JsonValue` holds itself.
type JsonPart<Value> = Value extends JsonValue
  ? Value
  : Value extends bigint | symbol | ((...given: never) => unknown) | NotJson
    ? never
    : Value extends object
      ? { readonly [Key in keyof Value]: JsonPart<Exclude<Value[Key], OptionalOf<Value, Key>>> }
      : never;

/** Classes that look like plain objects to a mapped type. */
type NotJson =
  | Date
  | Error
  | RegExp
  | URL
  | ArrayBuffer
  | ArrayBufferView
  | ReadonlyMap<never, unknown>
  | ReadonlySet<unknown>
  | Promise<unknown>;

/** A field that may be absent is left out then. One that is there and holds `undefined` is not JSON. */
type OptionalOf<Value, Key extends keyof Value> =
  Record<never, never> extends Pick<Value, Key> ? undefined : never;
