import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSink, type SinkPlugin } from "@atlas/plugins";

/** Where the digest that ends at the commit `head` is written. */
export function digestFile(folder: string, head: string): string {
  return join(folder, `digest-${head.slice(0, 12)}.md`);
}

/** Writes each digest to a file of its own. Writing it twice leaves the same file. */
export function createFileSink(folder: string): SinkPlugin {
  return defineSink({
    id: "file",
    async handle(event, ctx) {
      if (event.type !== "artifact.created" || event.payload["type"] !== "digest") return;
      const artifact = await ctx.repo.getArtifact(event.aggregate_id ?? "");
      if (artifact?.content_md === undefined) return;
      const file = digestFile(folder, String(artifact.data?.["head"]));
      await mkdir(folder, { recursive: true });
      await writeFile(`${file}.tmp`, artifact.content_md);
      await rename(`${file}.tmp`, file);
    },
  });
}
