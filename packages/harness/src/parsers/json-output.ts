/** The JSON that a program printed: its whole output, or else its last line that is an object or a list. */
export function jsonIn(output: string): unknown {
  const whole = parsed(output);
  if (whole !== undefined) return whole;
  let end = output.length;
  while (end > 0) {
    const start = output.lastIndexOf("\n", end - 1) + 1;
    const line = parsed(output.slice(start, end));
    if (line !== undefined) return line;
    end = start - 1;
  }
  return undefined;
}

/** The lines of an output that are objects or lists in JSON. */
export function jsonLinesIn(output: string): readonly unknown[] {
  return output
    .split("\n")
    .map(parsed)
    .filter((value) => value !== undefined);
}

function parsed(text: string): unknown {
  const json = text.trim();
  // Most lines are not JSON, and a thrown error costs far more than this.
  if (!/^\uFEFF?[{[]/.test(json)) return undefined;
  try {
    const value: unknown = JSON.parse(json.replace(/^\uFEFF/, ""));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
