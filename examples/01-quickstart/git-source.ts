import type { Command } from "@atlas/core";
import { defineSource, type SourcePlugin } from "@atlas/plugins";
import { z } from "zod";
import type { Commit, Repository } from "./repository.ts";

/** `at`: every commit up to here is known. `target`: the commits up to here are being read. */
const cursorSchema = z.object({ at: z.string().nullable(), target: z.string().nullable() });
const beginning = { at: null, target: null };

const COMMITS_PER_UNIT = 400;

/** Turns new commits and their authors into events and entities, and asks for a digest of them. */
export function createGitSource(options: {
  readonly repository: Repository;
  readonly onProgress: (done: number, total: number) => void;
}): SourcePlugin {
  const { repository, onProgress } = options;

  return defineSource({
    id: "git",
    async sync(ctx) {
      let { at, target: unfinished } = cursorSchema.parse(ctx.cursor ?? beginning);
      for (;;) {
        const target = await nextTarget(unfinished);
        if (target === at) return;
        // The range is decided once: after a crash the same commits are read again, and those that are known stay as they are.
        await ctx.checkpoint({ at, target });

        const range = at !== null && (await repository.has(at)) ? `${at}..${target}` : target;
        const total = await repository.count(range);
        let done = 0;
        for await (const commits of inGroups(repository.commits(range), COMMITS_PER_UNIT)) {
          await ctx.commands.enqueueAll(commits.flatMap((commit) => toCommands(commit, range)));
          done += commits.length;
          onProgress(done, total);
        }

        // The job is queued in the same commit that moves the cursor: neither can be lost without the other.
        await ctx.checkpoint({ at: target, target: null }, [
          {
            type: "entity.upsert",
            entity: { id: rangeId(range), type: "git.range", title: range, source: "git" },
          },
          {
            type: "job.create",
            job: {
              workflow_id: "digest.v1",
              idempotency_key: range,
              input: { range_id: rangeId(range), head: target },
            },
          },
        ]);
        at = target;
        unfinished = null;
      }
    },
  });

  async function nextTarget(unfinished: string | null): Promise<string> {
    return unfinished !== null && (await repository.has(unfinished)) ? unfinished : repository.head();
  }
}

function rangeId(range: string): string {
  return `git:range:${range}`;
}

function toCommands(
  { sha, author, email, committed_at, subject }: Commit,
  range: string,
): readonly Command[] {
  const name = (email || author || "unknown").slice(0, 200).toWellFormed().toLowerCase();
  const authorId = `git:author:${name}`;
  return [
    { type: "entity.upsert", entity: { id: authorId, type: "git.author", title: author, source: "git" } },
    {
      type: "event.insert",
      event: {
        type: "git.commit",
        source: "git",
        external_id: sha,
        entity_id: rangeId(range),
        occurred_at: committed_at,
        data: { author: authorId, subject },
      },
    },
  ];
}

async function* inGroups<Item>(items: AsyncIterable<Item>, size: number): AsyncIterable<readonly Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
