import { createGateway } from "@atlas/gateway";
import { expect, it, onTestFinished } from "vitest";
import { serve } from "../../../src/http/index.ts";
import { silentLogger } from "../../../src/index.ts";
import { openPage, startBrowser } from "./support/browser.ts";
import { settled } from "./support/served-world.ts";

const JOBS = 100_000;
const PART = 1_000;

it("shows a page of 100,000 jobs, and the next one", async () => {
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    workflows: [{ id: "idle.v1", run: async () => undefined }],
  });
  onTestFinished(() => gateway.stop());
  // They stay in the queue: the gateway is not started.
  for (let made = 0; made < JOBS; made += PART)
    await gateway.jobs.createMany(Array.from({ length: PART }, () => ({ workflow_id: "idle.v1" })));
  const server = await serve(gateway);
  onTestFinished(() => server.stop());
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const { page, requests } = await openPage(browser);
  const startedAt = performance.now();
  await page.goto(`${server.url}/console#token=${server.token}`);
  await settled(page);
  const overviewMs = performance.now() - startedAt;
  const painted = await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0]?.startTime');
  await page.goto(`${server.url}/console#/jobs`);
  await settled(page);
  expect(await page.locator("tbody tr").count()).toBe(50);
  const first = await page.locator("tbody tr a").first().innerText();
  await page.getByRole("link", { name: "Older →" }).click();
  await page.getByRole("heading", { name: "Older" }).waitFor();
  await settled(page);
  expect(await page.locator("tbody tr").count()).toBe(50);
  expect(await page.locator("tbody tr a").allInnerTexts()).not.toContain(first);
  await page.getByRole("link", { name: "← Newest" }).click();
  await page.getByRole("heading", { name: "Newest" }).waitFor();
  await settled(page);
  expect(await page.locator("tbody tr a").first().innerText()).toBe(first);
  expect(
    requests.filter((request) => request.includes("/jobs?") && !/limit=(?:10|50)\b/.test(request)),
  ).toEqual([]);
  // Not asserted: how fast a machine is, is no property of the console.
  console.log(
    `first paint ${Math.round(Number(painted))} ms, overview with data ${Math.round(overviewMs)} ms, of ${JOBS.toLocaleString("en")} jobs`,
  );
});
