import type { Command } from "@atlas/core";
import { z } from "zod";
import { defineSource, type SourcePlugin } from "../../contract/source.ts";
import { externalId } from "../external-id.ts";
import { functionOption, idOption, readOptions, textOption } from "../options.ts";
import { oneLine } from "../plain-text.ts";
import { type Commit, openGitRepository } from "./repository.ts";

/** The commits that one sync has read. */
export interface GitRange {
  /** The id of an entity `git.range`; the range's commits are the events with this `entity_id`. */
  readonly id: string;
  /** Its last commit. */
  readonly head: string;
  readonly commits: number;
}

/** How a repository is read. */
export interface GitSourceOptions {
  /** The folder of the repository. It is read as it stands: whoever wants news from elsewhere fetches them. */
  readonly path: string;
  /** The branch, tag or commit whose history is read. Default: `HEAD`. */
  readonly ref?: string;
  /** Default: `git`. Each repository needs an id of its own. */
  readonly id?: string;
  /**
   * What to commit together with the end of a range, such as a job that sums it up: neither can be lost without the other.
   * At most 990 commands.
   */
  readonly afterwards?: (range: GitRange) => readonly Command[];
  /** Called after each group of commits that is committed. */
  readonly onProgress?: (done: number, total: number) => void;
}

// Names that git would take for an option, a range or a pattern are kept out.
const REF = /^(?!.*\.\.)[^-\s:?*[\\^~][^\s:?*[\\]*$/;
const REF_MUST = "must be the name of a branch, a tag or a commit";

const optionsSchema = z.strictObject({
  path: textOption("must be the path of a git repository"),
  ref: textOption(REF_MUST).regex(REF, REF_MUST).default("HEAD"),
  id: idOption.default("git"),
  afterwards: functionOption<(range: GitRange) => readonly Command[]>().optional(),
  onProgress: functionOption<(done: number, total: number) => void>().optional(),
});

const sha = z.string().regex(/^[0-9a-f]{40,64}$/);
/** `at`: every commit up to here is known. `target`: the commits up to here are being read. */
const cursorSchema = z.object({ at: sha.nullable(), target: sha.nullable() });
const beginning = { at: null, target: null };

const COMMITS_PER_UNIT = 400;
const MAX_SUBJECT = 1_000;
const MAX_NAME = 200;

/**
 * A source of a repository's commits: an event `git.commit` for each, an entity `git.author` for each author, and one
 * `git.range` for each sync that found something. A history that was rewritten adds its new commits; what was known stays.
 *
 * @example
 * ```ts
 * const source = createGitSource({ path: ".", ref: "main" });
 * assert.equal(source.id, "git");
 * assert.throws(() => createGitSource({ path: ".", ref: "--all" }), TypeError);
 * ```
 */
export function createGitSource(options: GitSourceOptions): SourcePlugin {
  const { path, ref, id, afterwards, onProgress } = readOptions("createGitSource", optionsSchema, options);

  return defineSource({
    id,
    async check({ signal }) {
      await openGitRepository({ path, ref, signal });
    },
    async sync(ctx) {
      const repository = await openGitRepository({ path, ref, signal: ctx.signal });
      let { at, target: unfinished } = cursorSchema.parse(ctx.cursor ?? beginning);
      for (;;) {
        const target =
          unfinished !== null && (await repository.has(unfinished)) ? unfinished : await repository.head();
        if (target === at) return;
        // The range is decided once: after a crash the same commits are read again, and those that are known stay as they are.
        await ctx.checkpoint({ at, target });

        const range = at !== null && (await repository.has(at)) ? `${at}..${target}` : target;
        const rangeId = `${id}:range:${range}`;
        const total = await repository.count(range);
        let done = 0;
        for await (const commits of inGroups(repository.commits(range))) {
          ctx.signal.throwIfAborted();
          await ctx.commands.enqueueAll(commits.flatMap((commit) => toCommands(commit, rangeId)));
          done += commits.length;
          onProgress?.(done, total);
        }
        // Nothing is left of a range whose commits were all taken back.
        const end: readonly Command[] =
          done === 0
            ? []
            : [
                {
                  type: "entity.upsert",
                  entity: {
                    id: rangeId,
                    type: "git.range",
                    title: range,
                    source: id,
                    data: { head: target },
                  },
                },
                ...(afterwards?.({ id: rangeId, head: target, commits: done }) ?? []),
              ];
        await ctx.checkpoint({ at: target, target: null }, end);
        at = target;
        unfinished = null;
      }
    },
  });

  function toCommands(commit: Commit, rangeId: string): readonly Command[] {
    const author = oneLine(commit.author, MAX_NAME);
    const name = oneLine(commit.email, MAX_NAME) || author || "unknown";
    const external_id = externalId(`author:${name.toLowerCase()}`);
    return [
      {
        type: "entity.upsert",
        entity: { type: "git.author", title: author, source: id, external_id },
      },
      {
        type: "event.insert",
        event: {
          type: "git.commit",
          source: id,
          external_id: commit.sha,
          entity_id: rangeId,
          occurred_at: commit.committed_at,
          data: {
            sha: commit.sha,
            author: `${id}:${external_id}`,
            subject: oneLine(commit.subject, MAX_SUBJECT),
          },
        },
      },
    ];
  }
}

async function* inGroups(commits: AsyncIterable<Commit>): AsyncIterable<readonly Commit[]> {
  let group: Commit[] = [];
  for await (const commit of commits) {
    group.push(commit);
    if (group.length < COMMITS_PER_UNIT) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
