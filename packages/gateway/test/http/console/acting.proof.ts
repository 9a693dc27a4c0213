import { describe, expect, it } from "vitest";
import { serveWorld, settled } from "./support/served-world.ts";

const served = serveWorld();
const create = async (workflow_id: string, more = {}) =>
  (await served.world.gateway.jobs.create({ workflow_id, ...more })).id;

describe("a job", () => {
  it("is cancelled after a question, and the question can be left", async () => {
    const { world } = served;
    const id = await create("watch.v1");
    const { page, complaints } = await served.open(`#/jobs/${id}`);
    const cancel = page.getByRole("button", { name: "Cancel job" });
    await cancel.click();
    await page.keyboard.press("Escape");
    expect((await world.gateway.jobs.get(id))?.status).not.toBe("cancelled");
    await cancel.click();
    const asked = page.waitForRequest((request) => request.url().endsWith(`/jobs/${id}/cancel`));
    await page.locator("dialog").getByRole("button", { name: "Cancel job" }).click();
    const request = await asked;
    expect(request.headers()["idempotency-key"]).toMatch(/^console-[0-9a-f]{32}$/);
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("cancelled");
    expect(await page.locator("#status").textContent()).not.toBe("");
    expect(complaints).toEqual([]);
  });

  it("is asked for with the same key when the connection was lost", async () => {
    const id = await create("watch.v1");
    const { page } = await served.open(`#/jobs/${id}`);
    const keys: (string | undefined)[] = [];
    await page.route(`**/jobs/${id}/cancel`, async (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      await (keys.length === 1 ? route.abort() : route.continue());
    });
    await page.getByRole("button", { name: "Cancel job" }).click();
    const again = page.locator("dialog").getByRole("button", { name: "Cancel job" });
    await again.click();
    await expect.poll(() => page.locator("dialog [role=alert]").textContent()).toContain("does not answer");
    await again.click();
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("cancelled");
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it("that failed runs again, and one that is delayed runs now", async () => {
    const { gateway } = served.world;
    const failed = await create("import.v1", { max_attempts: 1 });
    await gateway.jobs.wait(failed);
    const { page } = await served.open(`#/jobs/${failed}`);
    await page.getByRole("button", { name: "Run again" }).click();
    await page.locator("dialog").getByRole("button", { name: "Run again" }).click();
    await expect.poll(async () => (await gateway.jobs.get(failed))?.attempt).toBe(2);
    const delayed = await create("summarise.v1", { run_at: "2099-01-01T00:00:00.000Z" });
    await page.goto(`${served.server.url}/console#/jobs/${delayed}`);
    await page.getByRole("button", { name: "Run now" }).click();
    await page.locator("dialog").getByRole("button", { name: "Run now" }).click();
    await gateway.jobs.wait(delayed);
    // The page hears of the end by itself.
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("succeeded");
    expect(await page.getByRole("region", { name: "Result" }).innerText()).toContain("A summary.");
    expect(await page.getByRole("region", { name: "Model calls" }).innerText()).toContain("fast → house");
  });

  it("that waits is answered in its own words", async () => {
    const { world } = served;
    const id = await create("approve.v1");
    await expect.poll(async () => (await world.gateway.jobs.listWaits(id)).length).toBe(1);
    const { page } = await served.open(`#/jobs/${id}`);
    expect(await page.locator(".head .badge").textContent()).toBe("waiting");
    expect(await page.getByRole("button", { name: "Run now" }).count()).toBe(0);
    const answer = page.getByRole("button", { name: "Answer" });
    await answer.click();
    expect(await page.locator(".answer [role=alert]").innerText()).toContain("choose yes or no");
    await page.getByLabel("Yes").check();
    await page.getByLabel("comment (optional)").fill("go on");
    await answer.click();
    expect(await world.gateway.jobs.wait(id)).toMatchObject({
      status: "succeeded",
      result: { answered: true, approved: true },
    });
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("succeeded");
    await expect.poll(() => page.getByRole("region", { name: "Waits" }).innerText()).toContain("answered");
  });

  it("shows the route of a model call: who was skipped, who failed, who answered", async () => {
    const { page } = await served.open(`#/jobs/${served.world.jobs.done}`);
    await page.locator(".calls summary").click();
    const rows = await page.locator(".calls tbody tr").allInnerTexts();
    expect(rows.map((row) => row.replaceAll(/\s+/g, " "))).toEqual([
      expect.stringMatching(/^openai-mini skipped .*OPENAI_API_KEY/),
      expect.stringMatching(/^away unavailable 503 · ATLAS_LLM_UNAVAILABLE/),
      expect.stringMatching(/^house answered/),
    ]);
    expect(await page.locator(".calls").innerText()).toContain("1,840 in, 212 out, 1,024 from a cache");
    expect(await page.locator(".log").innerText()).toContain("Fetched the issues.");
    expect(await page.getByRole("link", { name: "Weekly report" }).count()).toBe(1);
  });

  it("that is not there is said so", async () => {
    const { page } = await served.open("#/jobs/no-such-job");
    expect(await page.locator("main").innerText()).toContain("no-such-job");
    expect(await page.locator("main .problem").first().innerText()).toContain("NOT_FOUND");
  });
});

describe("plugins", () => {
  it("are synced, paused and resumed", async () => {
    const { page } = await served.open("#/sources");
    await page.getByRole("button", { name: "Sync tracker now" }).click();
    await expect.poll(() => page.locator(".outcome").innerText()).toMatch(/^tracker: \d changed/);
    await page.getByRole("button", { name: "Sync wiki now" }).click();
    await expect.poll(() => page.locator(".outcome").innerText()).not.toMatch(/^tracker/);
    await page.getByRole("button", { name: "Pause tracker" }).click();
    const resume = page.getByRole("button", { name: "Resume tracker" });
    await resume.waitFor();
    expect(served.world.gateway.health().sources.find(({ id }) => id === "tracker")?.pausedAt).toBeDefined();
    await page.goto(`${served.server.url}/console#/`);
    await settled(page);
    expect(await page.locator(".attention").innerText()).toContain("Source tracker");
    await page.goto(`${served.server.url}/console#/sources`);
    await resume.click();
    await page.getByRole("button", { name: "Pause tracker" }).waitFor();
  });

  it("get their dead letters again, or lose them for good", async () => {
    const { gateway } = served.world;
    const { page } = await served.open("#/sinks");
    const dead = async () =>
      (await gateway.repo.plugins.listFailedDeliveries()).filter(({ status }) => status === "dead").length;
    const before = await dead();
    await page
      .getByRole("button", { name: /^Dismiss event/ })
      .first()
      .click();
    await page.locator("dialog").getByRole("button", { name: "Dismiss" }).click();
    await expect.poll(dead).toBe(before - 1);
    await page
      .getByRole("button", { name: /^Redrive event/ })
      .first()
      .click();
    const sent = page.waitForResponse((response) => response.url().endsWith("/dead-letters/redrive"));
    await page.locator("dialog").getByRole("button", { name: "Redrive" }).click();
    expect(await (await sent).json()).toEqual({ redriven: 1 });
  });
});
