import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { serveWorld, settled } from "./support/served-world.ts";

const served = serveWorld();

const SURFACES = ["page", "surface", "raised"] as const;
/** What stands on what. */
const PAIRS: readonly (readonly [text: string, on: string])[] = [
  ...SURFACES.flatMap((on) => ["text", "muted", "accent"].map((text) => [text, on] as const)),
  ...["good", "warn", "bad"].flatMap((tone) => [
    [tone, `${tone}-soft`] as const,
    [tone, "surface"] as const,
    [tone, "page"] as const,
  ]),
  ["accent", "accent-soft"],
  ["on-accent", "accent"],
];
/** Borders of what can be used, and bars. */
const SHAPES: readonly (readonly [string, string])[] = SURFACES.flatMap((on) =>
  ["line-strong", "accent", "good", "warn", "bad"].map((shape) => [shape, on] as const),
);

async function colour(page: Page, name: string): Promise<readonly number[]> {
  const text = await page.evaluate(`(() => {
    const probe = document.createElement("span");
    probe.style.color = "var(--${name})";
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  })()`);
  return (String(text).match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** The formula of WCAG 2. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const light = (rgb: readonly number[]): number =>
    rgb
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, at) => sum + part * ([0.2126, 0.7152, 0.0722][at] ?? 0), 0);
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"] as const)("the %s theme", (colorScheme) => {
  it("has the contrast that WCAG asks for: 4.5 for text, 3 for what can be used", async () => {
    const { page } = await served.open("#/health", { colorScheme });
    for (const [text, on] of PAIRS)
      expect
        .soft(contrast(await colour(page, text), await colour(page, on)), `${text} on ${on}`)
        .toBeGreaterThan(4.5);
    for (const [shape, on] of SHAPES)
      expect
        .soft(contrast(await colour(page, shape), await colour(page, on)), `${shape} on ${on}`)
        .toBeGreaterThan(3);
  });
});

describe("the theme", () => {
  it("follows the system until somebody chooses one, which is kept", async () => {
    const { page } = await served.open("#/health", { colorScheme: "dark" });
    const background = async () => JSON.stringify(await colour(page, "page"));
    const dark = await background();
    await page.keyboard.press("t");
    expect(await page.locator("#theme").textContent()).toBe("Theme: light");
    const light = await background();
    expect(light).not.toBe(dark);
    await page.reload();
    await settled(page);
    expect(await background()).toBe(light);
    await page.emulateMedia({ colorScheme: "light" });
    await page.keyboard.press("t");
    expect([await page.locator("#theme").textContent(), await background()]).toEqual(["Theme: dark", dark]);
  });

  it("moves nothing for those who want no motion", async () => {
    const { page } = await served.open(`#/jobs/${served.world.jobs.running}`, { reducedMotion: "reduce" });
    const running = 'document.getAnimations().filter(({ playState }) => playState === "running").length';
    expect(await page.evaluate(running)).toBe(0);
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await expect.poll(() => page.evaluate(running)).toBeGreaterThan(0);
  });
});

describe("every view", () => {
  it("has one heading of the first level, landmarks, names for what can be used, and no doubled id", async () => {
    const { world, server } = served;
    const { page } = await served.open("#/");
    const views = [
      "#/",
      "#/jobs",
      ...Object.values(world.jobs).map((id) => `#/jobs/${id}`),
      "#/live",
      "#/calls",
      "#/artifacts",
      "#/sources",
      "#/sinks",
      "#/health",
      `#/panels/${encodeURIComponent("/finops/month")}`,
    ];
    for (const view of views) {
      await page.goto(`${server.url}/console${view}`);
      await settled(page);
      const found = (await page.evaluate(`({
        headings: document.querySelectorAll("h1").length,
        landmarks: ["header", "nav[aria-label]", "main", "[role=status]"].map((name) => document.querySelectorAll("body > " + name).length),
        unnamed: [...document.querySelectorAll("button, a, input, select, textarea, summary, table, section")]
          .filter((one) => !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || one.labels?.length || one.caption?.textContent || (!["INPUT", "SELECT", "SECTION"].includes(one.tagName) && one.textContent.trim())))
          .filter((one) => one.closest(".markdown") === null)
          .map((one) => one.outerHTML),
        doubled: [...document.querySelectorAll("[id]")].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at),
        title: document.title,
        language: document.documentElement.lang,
        current: document.querySelectorAll("nav [aria-current=page]").length,
      })`)) as Record<string, unknown>;
      expect.soft(found, view).toMatchObject({
        headings: 1,
        landmarks: [1, 1, 1, 1],
        unnamed: [],
        doubled: [],
        title: expect.stringMatching(/.+ – Atlas$/),
        language: "en",
        current: 1,
      });
    }
  });
});

describe("the keyboard", () => {
  it("is enough: skip link, views, rows, filter, help", async () => {
    const { page } = await served.open("#/");
    const focused = () =>
      page.evaluate("document.activeElement.id || document.activeElement.textContent.trim().slice(0, 60)");
    await page.reload();
    await settled(page);
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("skip");
    await page.keyboard.press("Enter");
    expect(await focused()).toBe("main");

    await page.keyboard.press("?");
    expect(await page.locator("dialog").getByText("Live events").count()).toBeGreaterThan(0);
    await page.keyboard.press("g");
    await page.keyboard.press("j");
    // Nothing moves behind an open dialog.
    expect(new URL(page.url()).hash).toBe("#/");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("dialog").count()).toBe(0);

    await page.keyboard.press("g");
    await page.keyboard.press("j");
    await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
    expect(await focused()).toBe("Jobs");
    await settled(page);
    await page.keyboard.press("j");
    const first = await focused();
    await page.keyboard.press("j");
    expect(await focused()).not.toBe(first);
    await page.keyboard.press("k");
    expect(await focused()).toBe(first);
    // What is focused is seen.
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await page.keyboard.press("Enter");
    await expect.poll(() => new URL(page.url()).hash).toBe(`#/jobs/${first}`);
    await page.goBack();
    await settled(page);

    await page.keyboard.press("/");
    expect(await focused()).toBe("status-filter");
    await page.keyboard.press("f");
    await expect.poll(() => new URL(page.url()).hash).toBe("#/jobs?status=failed");
    // A filter that is changed keeps the focus.
    expect(await focused()).toBe("status-filter");
    await settled(page);
    expect(new Set(await page.locator("tbody .badge").allInnerTexts())).toEqual(new Set(["failed"]));
    await page.keyboard.press("Tab");
    await page.keyboard.type("gj?import.v1");
    // Letters in a field are letters.
    expect(await page.locator("dialog").count()).toBe(0);
    expect(await page.locator("#workflow-filter").inputValue()).toBe("gj?import.v1");
  });

  it("keeps the focus where it is while a view is kept up to date", async () => {
    const { page } = await served.open("#/jobs");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const focused = () => page.evaluate("document.activeElement.textContent");
    const before = await focused();
    const { id } = await served.world.gateway.jobs.create({ workflow_id: "summarise.v1" });
    await page.keyboard.press("r");
    await page.locator(`a[title="${id}"]`).waitFor();
    expect(await focused()).toBe(before);
  });

  it("opens the list of views on a narrow screen, and closes it with Escape", async () => {
    const { page } = await served.open("#/jobs", { viewport: { width: 375, height: 740 } });
    const menu = page.getByRole("button", { name: "Menu" });
    expect(await page.locator("#nav").isVisible()).toBe(false);
    await menu.focus();
    await page.keyboard.press("Enter");
    expect([await page.locator("#nav").isVisible(), await menu.getAttribute("aria-expanded")]).toEqual([
      true,
      "true",
    ]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    expect([await page.locator("#nav").isVisible(), await menu.getAttribute("aria-expanded")]).toEqual([
      false,
      "false",
    ]);
    expect(await page.evaluate("document.activeElement.id")).toBe("menu");
  });
});
