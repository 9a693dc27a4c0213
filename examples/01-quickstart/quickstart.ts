// Reads the history of a git repository, sums up what is new, and writes it to ./digest.
//
//   npm run quickstart                     this checkout
//   npm run quickstart -- --repo PATH      another repository
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Artifact, type Logger, silentLogger } from "@atlas/core";
import { createGateway, type Gateway } from "@atlas/gateway";
import { digestWorkflow } from "./digest-workflow.ts";
import { createFileSink, digestFile } from "./file-sink.ts";
import { createGitSource } from "./git-source.ts";
import { openRepository, RepositoryError } from "./repository.ts";

const DIGESTS = "digest";

async function main(path: string): Promise<void> {
  const startedAt = performance.now();
  const repository = await openRepository(path);
  const database = databaseFor(repository.path);
  const gateway = await createGateway({
    database,
    sources: [createGitSource({ repository, onProgress: showProgress })],
    workflows: [digestWorkflow],
    sinks: [createFileSink(DIGESTS)],
    log: warnings,
  });
  let known: Artifact | undefined;
  let latest: Artifact | undefined;
  try {
    known = await latestDigest(gateway);
    await gateway.start();
    console.log(`Reading the history of ${repository.path}.`);
    if (repository.isShallow) console.log("It is a shallow clone: only the commits that it has are read.");
    await gateway.sync("git");
    await finishDigests(gateway);
    latest = await latestDigest(gateway);
  } finally {
    // Stopping also delivers what is committed, so a digest is on disk from here on.
    await gateway.stop();
  }
  const file = digestFile(DIGESTS, String(latest?.data?.["head"]));
  if (!existsSync(file)) throw new Error(`The digest could not be written to ${file}.`);
  const found = latest?.id === known?.id ? "Nothing is new since the last run." : `Found ${latest?.title}.`;
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${found} The digest is ${file} (written by: ${latest?.data?.["provider"]}).`);
  console.log(`The database is ${database}. It took ${seconds} s.`);
}

/** Waits for every digest that is under way, also for those that an earlier, killed run left behind. */
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
  const { values } = parseArgs({ options: { repo: { type: "string", default: "." } } });
  await main(resolve(values.repo));
} catch (error) {
  const expected = error instanceof RepositoryError || error instanceof TypeError;
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
