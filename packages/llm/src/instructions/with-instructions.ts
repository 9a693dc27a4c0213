import { isAbsolute, normalize, resolve, sep } from "node:path";
import { type Clock, type Logger, systemClock } from "@atlas/routing";
import { checkOptions, guardLogger } from "@atlas/routing/internal";
import { createStream, streamOf } from "../calling/stream.ts";
import type { LLMMiddleware } from "../contract/middleware.ts";
import type { LLMOptions, LLMResult } from "../contract/runtime.ts";
import { estimateTokens } from "./budget.ts";
import { type Composed, createComposer } from "./composer.ts";
import { instructedModel } from "./instructed-model.ts";
import { createInstructionFiles } from "./instruction-files.ts";

/** Where instructions come from, and how much of them a call may get. */
export interface InstructionsOptions {
  /** The folder with your `AGENTS.md` and skills. Its files become trusted instructions, so keep foreign files out of it. */
  readonly root: string;
  /**
   * The part of the project that the calls are about, as a path relative to the root. The nearest `AGENTS.md` above it is
   * used too. Default: the root.
   */
  readonly path?: string;
  /** Folders that hold one folder for each skill, relative to the root. Default: `skills` and `.agents/skills`. */
  readonly skillFolders?: readonly string[];
  /** The maximum number of skills that are selected by the words of the prompt (default 3). 0 turns that off. */
  readonly maxMatches?: number;
  /** The maximum number of characters that are added to `system` (default 32,000). Every one of them costs in every call. */
  readonly maxCharacters?: number;
  /** The maximum number of tokens that are added to `system` (default 8,000). */
  readonly maxTokens?: number;
  /** Counts tokens. Default: an estimate of one token for four characters of Latin script, or for one of any other script. */
  readonly countTokens?: (text: string) => number;
  /** Receives one warning for each file that has a problem. Default: nothing is logged. */
  readonly log?: Logger;
  readonly clock?: Clock;
}

const known: Readonly<Record<keyof InstructionsOptions, true>> = {
  root: true,
  path: true,
  skillFolders: true,
  maxMatches: true,
  maxCharacters: true,
  maxTokens: true,
  countTokens: true,
  log: true,
  clock: true,
};

/**
 * Adds your `AGENTS.md` and skills (folders with a `SKILL.md`, agentskills.io) before the `system` text of every call: the
 * names and descriptions of all skills, the full text of the selected skills, and the files that those refer to. A skill is
 * selected if the call names it (`skills`), shares a tag with it (`tags`), or has a prompt about its subject. The
 * `instructions` of the result list what was added.
 *
 * Only files below the root (and `skillFolders`) get into `system`. A prompt can select skills, but cannot change their text.
 * Changed files take effect within a second. A call that names an unknown skill rejects with `ATLAS_LLM_SKILL_UNKNOWN`.
 *
 * The budget goes first to named skills, then to the nearest `AGENTS.md`, the one of the root, the list of skills, the other
 * selected skills, and their files. The guide to instructions describes how long texts are cut.
 *
 * @example
 * ```ts
 * const echo: LLMRuntime = {
 *   generateText: async ({ system = "" }) => ({ text: system, provider: "echo" }),
 * };
 * const llm = applyMiddleware(echo, [withInstructions({ root: "." })]);
 * const { text, instructions } = await llm.generateText({ system: "Be brief.", prompt: "Hello" });
 * assert.equal(text, "Be brief."); // this folder has no AGENTS.md and no skills
 * assert.deepEqual(instructions, []);
 * ```
 */
export function withInstructions(options: InstructionsOptions): LLMMiddleware {
  checkOptions("withInstructions", options, Object.keys(known));
  const log = options.log === undefined ? undefined : guardLogger(options.log);
  const { clock = systemClock, countTokens = estimateTokens, maxMatches = 3 } = options;
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
    const { streamText, languageModel } = next;
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
            for await (const piece of stream.textStream) await emit(piece);
            return finish(await stream.result);
          }),
      }),
      ...(languageModel && {
        languageModel: (options) =>
          instructedModel(languageModel.call(next, options), { options, instructionsFor }),
      }),
    };
  };

  async function instructionsFor(asked: LLMOptions): Promise<Composed> {
    return compose(await files.current(), asked);
  }

  async function add(asked: LLMOptions): Promise<{
    readonly options: LLMOptions;
    readonly finish: (result: LLMResult) => LLMResult;
  }> {
    asked.signal?.throwIfAborted();
    const { text, injected } = await instructionsFor(asked);
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
      `withInstructions expected "path" to be relative and below its root, such as "packages/llm", but got "${path}".`,
    );
  }
  return plain;
}

function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0) {
    throw new TypeError(
      `withInstructions expected "${name}" to be an integer of 0 or more, but got ${value}.`,
    );
  }
}
