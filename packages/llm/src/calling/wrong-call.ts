// One symbol for every copy of this package in a process.
const brand = Symbol.for("@atlas/llm.wrongCall");

/** Makes the error of a call that is refused before any model is asked. */
export function wrongCall(message: string): TypeError {
  return Object.defineProperty(new TypeError(message), brand, { value: true });
}

/**
 * Tells whether a call was refused before any model was asked, because it was wrong in itself. A runtime can throw a
 * `TypeError` too, and that one is a failure of the model.
 */
export function isWrongCall(error: unknown): boolean {
  return error instanceof TypeError && brand in error;
}
