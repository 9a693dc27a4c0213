/** The most places at which a value is looked for in prose. Each may cost a reading of the rest. */
const MOST_PLACES = 32;

/**
 * Returns the JSON values that a model's answer can mean, the likeliest first. Models think aloud before the JSON, explain it,
 * and put it into a Markdown code block, whatever they are told.
 */
export function* jsonIn(answer: string): Generator<unknown, void, undefined> {
  const text = answer.replace(/^\uFEFF/, "").trim();
  const whole = parsed(text);
  if (whole !== undefined) {
    yield whole.value;
    return;
  }
  const said = withoutThoughts(text);
  for (const candidate of [said, withoutFence(said), ...fencesIn(said)]) {
    const found = parsed(candidate);
    if (found !== undefined) yield found.value;
  }
  yield* valuesIn(said);
}

/** Models that reason put it before the answer, between these marks. Some begin it without the first. */
function withoutThoughts(text: string): string {
  const end = [...text.matchAll(/<\/(?:think|thinking|thought|reasoning)>/g)].at(-1);
  return end === undefined ? text : text.slice(end.index + end[0].length);
}

function withoutFence(text: string): string {
  return /^\s*```\w*\s*\n([\s\S]*)```\s*$/.exec(text)?.[1] ?? "";
}

function fencesIn(text: string): readonly string[] {
  // Every other part of the text stands between fences.
  const inside = text.split("```").filter((_, index) => index % 2 === 1);
  return inside.slice(0, MOST_PLACES).map((part) => part.replace(/^\w*\s*\n/, ""));
}

/** The objects and arrays that stand in prose. */
function* valuesIn(text: string): Generator<unknown, void, undefined> {
  let places = 0;
  for (let at = text.search(/[[{]/); at !== -1 && places < MOST_PLACES; places += 1) {
    const end = endOfValue(text, at);
    const found = end === undefined ? undefined : parsed(text.slice(at, end));
    if (found !== undefined) yield found.value;
    const from = found === undefined || end === undefined ? at + 1 : end;
    const next = text.slice(from).search(/[[{]/);
    at = next === -1 ? -1 : from + next;
  }
}

/** Where the object or array that begins at `start` ends; brackets in its strings do not count. */
function endOfValue(text: string, start: number): number | undefined {
  let depth = 0;
  let isInString = false;
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (isInString) {
      if (letter === "\\") at += 1;
      else if (letter === '"') isInString = false;
    } else if (letter === '"') isInString = true;
    else if (letter === "{" || letter === "[") depth += 1;
    else if (letter === "}" || letter === "]") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
