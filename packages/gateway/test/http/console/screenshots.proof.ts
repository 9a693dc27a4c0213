import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SCREENSHOTS } from "./support/browser.ts";
import { serveWorld, settled } from "./support/served-world.ts";

const served = serveWorld();

const wide = { width: 1280, height: 900 };
const narrow = { width: 375, height: 740 };

describe.each([
  ["light", { colorScheme: "light" as const, viewport: wide }],
  ["dark", { colorScheme: "dark" as const, viewport: wide }],
  ["phone", { colorScheme: "light" as const, viewport: narrow }],
  ["phone-dark", { colorScheme: "dark" as const, viewport: narrow }],
])("the console, %s", (name, options) => {
  it("shows each view, with nothing to scroll sideways", async () => {
    const { server, world } = served;
    const { page, complaints } = await served.open("#/", options);
    const shoot = (view: string, fullPage = true) =>
      page.screenshot({ path: join(SCREENSHOTS, `${name}-${view}.png`), fullPage });
    const artifacts = await world.gateway.repo.findArtifacts({ job_id: world.jobs.done });
    const views: Readonly<Record<string, string>> = {
      overview: "#/",
      jobs: "#/jobs",
      ...Object.fromEntries(Object.entries(world.jobs).map(([job, id]) => [`job-${job}`, `#/jobs/${id}`])),
      live: "#/live",
      calls: "#/calls",
      artifacts: "#/artifacts",
      artifact: `#/artifacts/${encodeURIComponent(artifacts.items[0]?.id ?? "")}`,
      sources: "#/sources",
      sinks: "#/sinks",
      health: "#/health",
      panel: `#/panels/${encodeURIComponent("/finops/month")}`,
    };
    for (const [view, hash] of Object.entries(views)) {
      await page.goto(`${server.url}/console${hash}`);
      await settled(page);
      if (view === "calls") await page.locator(".calls summary").first().click();
      if (view === "live") await page.locator(".events summary").first().click();
      await shoot(view);
      const sideways = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect.soft(sideways, view).toBe(0);
    }
    await page.goto(`${server.url}/console#/jobs/${world.jobs.running}`);
    await page.getByRole("button", { name: "Cancel job" }).click();
    await shoot("confirm", false);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await shoot("shortcuts", false);
    await page.keyboard.press("Escape");
    if (options.viewport === narrow) await page.getByRole("button", { name: "Menu" }).click();
    await shoot("menu", false);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    await shoot("sign-in", false);
    expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
  });
});
