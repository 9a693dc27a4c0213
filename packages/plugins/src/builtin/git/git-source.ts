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

/** Options of {@link createGitSource}. */
export interface GitSourceOptions {
  /** The folder of the repository. The source does not fetch: run `git fetch` or `git pull` yourself for remote commits. */
  readonly path: string;
  /** The branch, tag or commit whose history to read. Default: `HEAD`. */
  readonly ref?: string;
  /** Default: `git`. Give each repository its own id. */
  readonly id?: string;
  /**
   * Returns commands to commit together with the end of a range, such as a job that summarises it: either both are committed or
   * neither. At most 990.
   */
  readonly afterwards?: (range: GitRange) => readonly Command[];
  /** Called after each committed group of commits. */
  readonly onProgress?: (done: number, total: number) => void;
}

// Names that git would read as an option, a range or a pattern are refused.
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
/** `at`: every commit up to here is stored. `target`: the commits up to here are being read. */
const cursorSchema = z.object({ at: sha.nullable(), target: sha.nullable() });
const beginning = { at: null, target: null };

const COMMITS_PER_UNIT = 400;
const MAX_SUBJECT = 1_000;
const MAX_NAME = 200;

/**
 * A source of the commits of a git repository: an event `git.commit` for each commit, an entity `git.author` for each author, and an
 * entity `git.range` for each sync that found commits. After a rewrite of the history, its new commits are added and the old ones stay.
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
        // The range is decided once. After a crash the same commits are read again, and known ones stay as they are.
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
        // Every commit of the range may have been taken back.
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
