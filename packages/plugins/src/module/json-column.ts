/** Reads a column that holds canonical JSON. The commands of this module wrote it, and their schemas say what it is. */
export function parseJsonColumn<Value>(text: string): Value {
  return JSON.parse(text) as Value;
}
