import { invalid } from "../openai-error.ts";

/** The tools that the conversation so far has called, by the ids of the calls. */
export interface CalledTools {
  /** Notes a call, and returns its arguments as a value. */
  called(call: {
    readonly id: string;
    readonly name: string;
    readonly input: string;
    readonly at: string;
  }): unknown;
  /** The name of the tool of a call. */
  nameOf(id: string, at: string): string;
}

/** Follows the calls of one conversation: a result names only the id of its call, and models want the name of the tool. */
export function createCalledTools(): CalledTools {
  const names = new Map<string, string>();
  return {
    called({ id, name, input, at }) {
      names.set(id, name);
      // Models call tools without arguments by an empty text.
      if (input.trim() === "") return {};
      try {
        return JSON.parse(input);
      } catch {
        throw invalid(at, `${at} is not JSON.`);
      }
    },
    nameOf(id, at) {
      const name = names.get(id);
      if (name === undefined)
        throw invalid(
          at,
          `${at} answers the tool call ${JSON.stringify(id.slice(0, 100))}, which no message before it makes.`,
        );
      return name;
    },
  };
}
