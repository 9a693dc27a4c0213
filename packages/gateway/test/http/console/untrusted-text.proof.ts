import { describe, expect, it } from "vitest";
import { serveWorld, settled } from "./support/served-world.ts";
import { hostile } from "./support/world.ts";

const served = serveWorld();

describe("what jobs, models and services wrote", () => {
  it("stays text in every view: it runs nothing, loads nothing, and links nowhere but to the web and to mail", async () => {
    const { world, server } = served;
    const { page, requests, complaints } = await served.open("#/");
    const artifacts = await world.gateway.repo.findArtifacts({ job_id: world.jobs.hostile });
    const views = [
      "#/",
      "#/jobs",
      `#/jobs/${world.jobs.hostile}`,
      "#/live",
      "#/calls",
      "#/artifacts",
      `#/artifacts/${encodeURIComponent(artifacts.items[0]?.id ?? "")}`,
      "#/sources",
      "#/sinks",
      "#/health",
      `#/panels/${encodeURIComponent("/finops/month")}`,
      `#/panels/${encodeURIComponent("/finops/raw")}`,
    ];
    let seen = "";
    for (const view of views) {
      await page.goto(`${server.url}/console${view}`);
      await settled(page);
      for (const summary of await page.locator("main summary").all()) await summary.click();
      seen += await page.locator("body").innerText();
      const elements = page.locator(
        "main :is(script, img, iframe, object, embed, video, audio, style, link, base, meta, form[action], [onerror], [onload], [style]):not(progress)",
      );
      expect.soft(await elements.count(), view).toBe(0);
      const links = (await page.evaluate(
        '[...document.querySelectorAll("main a")].map((link) => [link.getAttribute("href"), link.rel, link.target])',
      )) as readonly (readonly [string, string, string])[];
      for (const [href, rel, target] of links) {
        if (href.startsWith("#/")) continue;
        expect.soft(href, view).toMatch(/^(?:https?:\/\/|mailto:)/);
        expect.soft([rel, target], href).toEqual(["noopener noreferrer nofollow", "_blank"]);
      }
    }
    expect(await page.evaluate("globalThis.broken")).toBeUndefined();
    expect(complaints).toEqual([]);
    expect(
      requests.filter((request) => !request.startsWith(`${server.url}/`) && !request.startsWith("data:")),
    ).toEqual([]);
    for (const text of [hostile.script, hostile.image, hostile.breakout, hostile.template])
      expect(seen).toContain(text);
    expect(seen).toContain("Image: secret");
    // Characters that turn the order of others around are written out.
    expect(seen).toContain("\\u202e");
    expect(seen).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  });

  it("cannot be parsed as HTML, or reach another server, even by a mistake of the page", async () => {
    const { page } = await served.open("#/");
    const refused = async (script: string) =>
      page.evaluate(
        `(async () => { try { ${script}; return "done"; } catch (error) { return error.name; } })()`,
      );
    expect(await refused('document.body.innerHTML = "<b>x</b>"')).toBe("TypeError");
    expect(await refused('document.write("<b>x</b>")')).toBe("TypeError");
    expect(await refused('await fetch("https://evil.example/")')).toBe("TypeError");
  });

  it("is read at an address of its own extension only", async () => {
    const { page, requests } = await served.open(`#/panels/${encodeURIComponent("//evil.example/steal")}`);
    expect(await page.locator("main").innerText()).toContain("There is no such panel.");
    await page.goto(`${served.server.url}/console#/panels/${encodeURIComponent("/maintenance/prune")}`);
    await settled(page);
    expect(await page.locator("main").innerText()).toContain("There is no such panel.");
    expect(requests.filter((request) => /evil|prune/.test(request))).toEqual([]);
  });
});
