/** What is wrong with `value` as a short text of 1 to `maxBytes` bytes, or nothing. */
export function textProblem(value: string, limits: { readonly maxBytes: number }): string | undefined {
  if (value.length === 0) return "must not be empty";
  if (value.length * 3 > limits.maxBytes) {
    const bytes = Buffer.byteLength(value);
    if (bytes > limits.maxBytes) return `is ${bytes} bytes long; at most ${limits.maxBytes} are allowed`;
  }
  return undefined;
}
