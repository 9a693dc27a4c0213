import type { Event, ReadOnlyRepo } from "@atlas/core";
import { defineWorkflow } from "@atlas/plugins";
import { z } from "zod";

const inputSchema = z.object({ range_id: z.string(), head: z.string() });
const commitSchema = z.object({ author: z.string(), subject: z.string() });

const SHOWN = 50;

/** Summarizes a range of commits in Markdown: code counts the commits, a model writes the summary. */
export const digestWorkflow = defineWorkflow({
  id: "digest.v1",
  input: inputSchema,
  async run(ctx, { range_id, head }) {
    const authors = new Map<string, number>();
    const subjects: string[] = [];
    for await (const { data } of eventsOf(ctx.repo, range_id)) {
      const { author, subject } = commitSchema.parse(data);
      authors.set(author, (authors.get(author) ?? 0) + 1);
      subjects.push(subject);
    }
    const latest = subjects.slice(-SHOWN).reverse();
    const answer = await ctx.llm.generateText({
      system: "Summarize the recent history of a software project for its users, in one paragraph.",
      prompt: latest.join("\n"),
    });

    const title = `${counted(subjects.length, "commit")} by ${counted(authors.size, "author")}`;
    await ctx.emitArtifact({
      type: "digest",
      title,
      content_md: [
        `# ${title}, up to ${head.slice(0, 7)}`,
        `${answer.text}\n\n(Summary by ${answer.provider}.)`,
        `## Authors\n\n${mostActive(authors).join("\n")}`,
        `## The latest commits\n\n${latest.map((subject) => `- ${subject}`).join("\n")}\n`,
      ].join("\n\n"),
      data: { head, provider: answer.provider },
    });
  },
});

async function* eventsOf(repo: ReadOnlyRepo, entity_id: string): AsyncIterable<Event> {
  let cursor: string | undefined;
  do {
    const page = await repo.listEvents({
      entity_id,
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function mostActive(authors: ReadonlyMap<string, number>): readonly string[] {
  return [...authors]
    .sort(([, left], [, right]) => right - left)
    .slice(0, SHOWN)
    .map(([author, commits]) => `- ${author.replace("git:author:", "")}: ${commits}`);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
