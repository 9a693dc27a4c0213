import { LLMError } from "../contract/errors.ts";
import { type Interaction, readCassette, writeCassette } from "./cassette.ts";
import { firstDifference, nearestOf } from "./difference.ts";
import { type JsonObject, toJson } from "./json.ts";

/** The recorded calls of one cassette, in memory and in its file. */
export interface Tape {
  /** Returns the next answer that was recorded for a request. After the last one, it returns that one again. */
  find(request: JsonObject): Interaction | undefined;
  /** Resolves when the interaction is in the file. */
  add(interaction: Interaction): Promise<void>;
  /** Returns the error for a request that was not found. */
  mismatch(request: JsonObject): LLMError;
}

/** Opens a tape. `isNew` starts an empty one, whose first interaction replaces the file. */
export async function openTape(
  path: string,
  { isNew }: { readonly isNew: boolean },
): Promise<Tape | undefined> {
  const recorded = isNew ? [] : await readCassette(path);
  if (recorded === undefined) return undefined;
  const interactions: Interaction[] = [...recorded];
  const byRequest = new Map<string, { readonly answers: Interaction[]; played: number }>();
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  for (const interaction of interactions) index(interaction);

  return {
    find(request) {
      const found = byRequest.get(keyOf(request));
      if (found === undefined) return undefined;
      const answer = found.answers[Math.min(found.played, found.answers.length - 1)];
      found.played += 1;
      return answer;
    },
    add(interaction) {
      interactions.push(interaction);
      index(interaction);
      // The write in progress began without it. All interactions that arrive meanwhile share the next write.
      next ??= writing.then(write, write);
      return next;
    },
    mismatch(request) {
      const nearest = nearestOf(interactions, (interaction) => interaction.request, request);
      const difference = nearest && firstDifference(nearest.request, request);
      const { at, expected, got } = difference ?? {
        at: "interactions",
        expected: "at least one",
        got: "none",
      };
      const number = nearest === undefined ? "" : ` (number ${interactions.indexOf(nearest) + 1})`;
      return new LLMError(
        "ATLAS_LLM_CASSETTE_MISMATCH",
        { path, at, expected, got },
        `The cassette "${path}" does not hold this call. The most similar one${number} first differs at ${at}: expected ${expected}, got ${got}. Correct the call, or record again.`,
      );
    },
  };

  function write(): Promise<void> {
    next = undefined;
    writing = writeCassette(path, interactions);
    return writing;
  }

  function index(interaction: Interaction): void {
    const key = keyOf(interaction.request);
    const found = byRequest.get(key);
    if (found === undefined) byRequest.set(key, { answers: [interaction], played: 0 });
    else found.answers.push(interaction);
  }
}

/** Sorts the keys again, because the file may have been edited by hand. */
function keyOf(request: JsonObject): string {
  return JSON.stringify(toJson(request, (text) => text));
}
