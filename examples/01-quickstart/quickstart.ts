// Reads the history of a git repository, summarizes what is new, and writes a digest to ./digest.
//
//   npm run quickstart                     this checkout
//   npm run quickstart -- --repo PATH      another repository
//   npm run quickstart -- --routing FILE   summarized by the models of a routing file instead of the mock
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Artifact, type Logger, silentLogger } from "@atlas/core";
import { createGateway, type Gateway } from "@atlas/gateway";
import { createFileSink } from "@atlas/plugins/builtin/file";
import { createGitSource, openGitRepository } from "@atlas/plugins/builtin/git";
import { digestWorkflow } from "./digest-workflow.ts";

const DIGESTS = "digest";

async function main(path: string, routing: string | undefined): Promise<void> {
  const startedAt = performance.now();
  // Checked first, so that a wrong path leaves no database behind.
  const { isShallow } = await openGitRepository({ path });
  const database = databaseFor(path);
  const gateway = await createGateway({
    database,
    sources: [
      createGitSource({
        path,
        onProgress: showProgress,
        // Committed in one unit with the last commits of a range, so no range is left without a digest.
        afterwards: ({ id, head }) => [
          {
            type: "job.create",
            job: { workflow_id: "digest.v1", idempotency_key: id, input: { range_id: id, head } },
          },
        ],
      }),
    ],
    workflows: [digestWorkflow],
    sinks: [createFileSink({ folder: DIGESTS, types: ["digest"], fileName: digestName })],
    log: warnings,
    ...(routing === undefined ? {} : { routing }),
  });
  let known: Artifact | undefined;
  let latest: Artifact | undefined;
  try {
    known = await latestDigest(gateway);
    await gateway.start();
    console.log(`Reading the history of ${path}.`);
    if (isShallow) console.log("It is a shallow clone: only the commits that it contains are read.");
    await gateway.sync("git");
    await finishDigests(gateway);
    latest = await latestDigest(gateway);
  } finally {
    // stop() delivers what is committed, so the digest is on disk after this line.
    await gateway.stop();
  }
  const file = join(DIGESTS, latest === undefined ? "" : digestName(latest));
  if (latest === undefined || !existsSync(file))
    throw new Error(`The digest could not be written to ${file}.`);
  const found = latest.id === known?.id ? "Nothing is new since the last run." : `Found ${latest.title}.`;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${found} The digest is ${file} (written by: ${latest.data?.["provider"]}).`);
  console.log(`The database is ${database}. It took ${seconds} s.`);
}

/** The file name of the digest that ends at the commit `head`. */
function digestName({ data }: Artifact): string {
  return `digest-${String(data?.["head"]).slice(0, 12)}.md`;
}

/** Waits for all unfinished digests, including those that an earlier, killed run left behind. */
async function finishDigests({ repo, jobs }: Gateway): Promise<void> {
  const queued = await repo.listJobs({ status: "queued" });
  const running = await repo.listJobs({ status: "running" });
  for (const { id } of [...queued.items, ...running.items]) {
    const job = await jobs.wait(id);
    if (job.status !== "succeeded") throw new Error(`The digest failed: ${JSON.stringify(job.error)}`);
  }
}

async function latestDigest({ repo }: Gateway): Promise<Artifact | undefined> {
  const { items } = await repo.findArtifacts({ type: "digest", order: "desc", limit: 1 });
  return items[0];
}

const warnings: Logger = {
  ...silentLogger,
  warn: (_, message) => console.error(message),
  error: (_, message) => console.error(message),
};

function databaseFor(repository: string): string {
  const fingerprint = createHash("sha256").update(repository).digest("hex").slice(0, 8);
  return relative(".", join("data", `${basename(repository)}-${fingerprint}.db`));
}

function showProgress(done: number, total: number): void {
  if (!process.stdout.isTTY || total < 1_000) return;
  process.stdout.write(`\r  ${done} of ${total} commits${done === total ? "\n" : ""}`);
}

try {
  const { values } = parseArgs({
    options: { repo: { type: "string", default: "." }, routing: { type: "string" } },
  });
  await main(resolve(values.repo), values.routing);
} catch (error) {
  // An error of Atlas says what to do; any other error needs its stack.
  const isExpected = error instanceof TypeError || (error instanceof Error && "code" in error);
  console.error(isExpected ? error.message : error);
  process.exitCode = 1;
}
