import { isAbsolute, normalize, resolve, sep } from "node:path";
import { type Clock, type Logger, systemClock } from "@atlas/routing";
import { createStream, streamOf } from "../calling/stream.ts";
import type { LLMMiddleware } from "../contract/middleware.ts";
import type { LLMOptions, LLMResult } from "../contract/runtime.ts";
import { estimateTokens } from "./budget.ts";
import { createComposer } from "./composer.ts";
import { createInstructionFiles } from "./instruction-files.ts";

/** Where instructions come from and how much of them a call may be given. */
export interface InstructionsOptions {
  /** The folder whose `AGENTS.md` and skills are used. It is the host's: what stands there is trusted. */
  readonly root: string;
  /** What the calls are about, as a path from the root: the nearest `AGENTS.md` above it is used too. Default: the root. */
  readonly path?: string;
  /** Folders that hold a folder for each skill, from the root. Default: `skills` and `.agents/skills`. */
  readonly skillFolders?: readonly string[];
  /** The most skills that are chosen by what the prompt speaks of, 0 for none (default 3). */
  readonly maxMatches?: number;
  /** The most characters that are added to `system` (default 32,000). */
  readonly maxCharacters?: number;
  /** The most tokens that are added to `system` (default 8,000). */
  readonly maxTokens?: number;
  /** Counts tokens. Default: an estimate of four characters of Latin script a token, or one of any other. */
  readonly countTokens?: (text: string) => number;
  /** Gets a warning, once, for each file that is not as it should be. */
  readonly log?: Logger;
  readonly clock?: Clock;
}

/**
 * Puts `AGENTS.md` and skills (folders with a `SKILL.md`, agentskills.io) before the `system` text of every call: the
 * names and descriptions of all skills, the text of those that the call names (`skills`), shares a tag with (`tags`), or
 * whose subject the prompt speaks of, and the files that those refer to. What was added stands in the result's
 * `instructions`.
 *
 * Only files below the root (and `skillFolders`) get into `system`; a prompt can decide which skills, never what they say.
 * Changed files are seen within a second. A call for a skill that is not there fails with `ATLAS_LLM_SKILL_UNKNOWN`.
 *
 * The budget goes to named skills first, then the nearest and the root's `AGENTS.md`, the list of skills, the other chosen
 * skills, and files; see the guide to instructions for the order and the cut.
 *
 * @example
 * ```ts
 * const echo: LLMRuntime = {
 *   generateText: async ({ system = "" }) => ({ text: system, provider: "echo" }),
 * };
 * const llm = applyMiddleware(echo, [withInstructions({ root: "." })]);
 * const { text, instructions } = await llm.generateText({ system: "Be brief.", prompt: "Hello" });
 * assert.equal(text, "Be brief."); // here is neither an AGENTS.md nor a skill
 * assert.deepEqual(instructions, []);
 * ```
 */
export function withInstructions(options: InstructionsOptions): LLMMiddleware {
  const { log, clock = systemClock, countTokens = estimateTokens, maxMatches = 3 } = options;
  const { maxCharacters = 32_000, maxTokens = 8_000, skillFolders = ["skills", ".agents/skills"] } = options;
  checkCount("maxMatches", maxMatches);
  checkCount("maxCharacters", maxCharacters);
  checkCount("maxTokens", maxTokens);
  const files = createInstructionFiles({
    root: resolve(options.root),
    path: pathBelowRoot(options.path ?? "."),
    skillFolders,
    log,
    clock,
  });
  const compose = createComposer({ maxMatches, budget: { maxCharacters, maxTokens, countTokens } });

  return (next) => {
    const { streamText } = next;
    return {
      generateText: async (asked) => {
        const { options, finish } = await add(asked);
        return finish(await next.generateText(options));
      },
      ...(streamText && {
        streamText: (asked) =>
          createStream(asked.signal, async (emit, signal) => {
            const { options, finish } = await add(asked);
            const stream = streamOf(next, { ...options, signal });
            for await (const piece of stream.textStream) emit(piece);
            return finish(await stream.result);
          }),
      }),
    };
  };

  async function add(asked: LLMOptions): Promise<{
    readonly options: LLMOptions;
    readonly finish: (result: LLMResult) => LLMResult;
  }> {
    asked.signal?.throwIfAborted();
    const { text, injected } = await compose(await files.current(), asked);
    const system = [text, asked.system].filter((part) => part !== undefined && part !== "").join("\n\n");
    return {
      options: system === "" ? asked : { ...asked, system },
      finish: (result) => ({ ...result, instructions: [...injected, ...(result.instructions ?? [])] }),
    };
  }
}

function pathBelowRoot(path: string): string {
  const plain = normalize(path).replace(/[/\\]+$/, "");
  if (isAbsolute(plain) || plain === ".." || plain.startsWith(`..${sep}`)) {
    throw new TypeError(
      `withInstructions needs a path below its root, such as "packages/llm"; got "${path}".`,
    );
  }
  return plain;
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0) {
    throw new TypeError(`withInstructions needs "${name}" to be a whole number of 0 or more; got ${value}.`);
  }
}
