import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GatewayServer, serve } from "../../../src/http/index.ts";
import { openPage, SCREENSHOTS, startBrowser } from "./support/browser.ts";
import { createWorld } from "./support/world.ts";

let browser: Browser;
let server: GatewayServer;
let world: Awaited<ReturnType<typeof createWorld>>;

beforeAll(async () => {
  world = await createWorld();
  server = await serve(world.gateway, { maxRequestsPer10s: Number.POSITIVE_INFINITY });
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await world?.gateway.stop();
});

async function artifactId(): Promise<string> {
  const { items } = await world.gateway.repo.findArtifacts({ job_id: world.jobs.done });
  return items[0]?.id ?? "";
}

async function settled(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await expect.poll(() => page.locator("main [aria-busy=true]").count()).toBe(0);
}

describe.each([
  ["light", { colorScheme: "light" as const, viewport: { width: 1280, height: 900 } }],
  ["dark", { colorScheme: "dark" as const, viewport: { width: 1280, height: 900 } }],
  ["phone", { colorScheme: "light" as const, viewport: { width: 375, height: 740 } }],
])("the console, %s", (name, options) => {
  it("shows each view, with nothing to scroll sideways", async () => {
    const { page, complaints } = await openPage(browser, options);
    const views: Readonly<Record<string, string>> = {
      overview: "#/",
      jobs: "#/jobs",
      "job-done": `#/jobs/${world.jobs.done}`,
      "job-waiting": `#/jobs/${world.jobs.waiting}`,
      "job-failed": `#/jobs/${world.jobs.failed}`,
      "job-running": `#/jobs/${world.jobs.running}`,
      "job-hostile": `#/jobs/${world.jobs.hostile}`,
      live: "#/live",
      calls: "#/calls",
      artifacts: "#/artifacts",
      artifact: `#/artifacts/${await artifactId()}`,
      sources: "#/sources",
      sinks: "#/sinks",
      health: "#/health",
      panel: `#/panels/${encodeURIComponent("/finops/month")}`,
    };
    await page.goto(`${server.url}/console#token=${server.token}`);
    for (const [view, hash] of Object.entries(views)) {
      await page.goto(`${server.url}/console${hash}`);
      await settled(page);
      const file = join(SCREENSHOTS, `${name}-${view}.png`);
      await page.screenshot({ path: file, fullPage: true });
      const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect.soft(overflow, view).toBe(0);
    }
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
