import type { InjectedInstruction, InjectedSource } from "../contract/injected.ts";

/** A candidate for the instructions: a text between two lines that name it. */
export interface Section {
  readonly source: InjectedSource;
  readonly before: string;
  readonly text: string;
  readonly after: string;
  /** The tokens of the whole section, with both lines. */
  readonly tokens: number;
}

/** How much text fits, and how tokens are counted. */
export interface Budget {
  readonly maxCharacters: number;
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

/** A section as far as it fits the budget. */
export interface Fitted {
  readonly injected: InjectedInstruction;
  /** Empty if the section did not fit. */
  readonly text: string;
}

const LEAST_PART = 200;

/** Creates a section and counts its tokens once. */
export function createSection(
  source: InjectedSource,
  parts: { readonly before: string; readonly text: string; readonly after: string },
  { countTokens }: Budget,
): Section {
  return { source, ...parts, tokens: countTokens(wrapped(parts, parts.text)) };
}

/**
 * Spends the budget on the sections in their order. A section that does not fit as a whole is cut at the end of a line and
 * says so. If fewer than 200 characters of it would remain, it is left out, and the next one is tried.
 */
export function fitSections(sections: readonly Section[], budget: Budget): ReadonlyMap<Section, Fitted> {
  let characters = budget.maxCharacters;
  let tokens = budget.maxTokens;
  return new Map(
    sections.map((section) => {
      const fitted = fit(section, { ...budget, maxCharacters: characters, maxTokens: tokens });
      characters -= fitted.text.length;
      tokens -= fitted.injected.tokens;
      return [section, fitted];
    }),
  );
}

/** Estimates tokens, rather too many than too few: one for four characters of Latin script, or for one of any other. */
export function estimateTokens(text: string): number {
  let others = 0;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x24f) others += 1;
  return Math.ceil((text.length - others) / 4) + others;
}

function fit(section: Section, { maxCharacters, maxTokens, countTokens }: Budget): Fitted {
  const { source, text, tokens } = section;
  const totalCharacters = text.length;
  const whole = wrapped(section, text);
  if (whole.length <= maxCharacters && tokens <= maxTokens) {
    return { injected: { ...source, characters: totalCharacters, totalCharacters, tokens }, text: whole };
  }
  // Binary search for the longest beginning that fits. More text never counts fewer tokens.
  let fits = 0;
  let tooLong = Math.min(totalCharacters, Math.max(0, maxCharacters)) + 1;
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    const part = cut(section, middle);
    if (part.length <= maxCharacters && countTokens(part) <= maxTokens) fits = middle;
    else tooLong = middle;
  }
  const lineEnd = text.lastIndexOf("\n", fits);
  const characters = lineEnd >= LEAST_PART ? lineEnd : fits;
  if (characters < LEAST_PART) {
    return { injected: { ...source, characters: 0, totalCharacters, tokens: 0 }, text: "" };
  }
  const part = cut(section, characters);
  return { injected: { ...source, characters, totalCharacters, tokens: countTokens(part) }, text: part };
}

function cut(section: Section, characters: number): string {
  // `toWellFormed` replaces half a surrogate pair at the end by a character of the same length.
  const beginning = section.text.slice(0, characters).toWellFormed();
  return wrapped(section, `${beginning}\n[cut: ${characters} of ${section.text.length} characters]`);
}

function wrapped(section: Pick<Section, "before" | "after">, text: string): string {
  return `${section.before}\n${text}\n${section.after}`;
}
