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
    expect(await refused('new Function("return 1")()')).toBe("EvalError");
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

interface Parsed {
  readonly html: string;
  readonly tookMs: number;
}

describe("Markdown", () => {
  const render = async (text: string): Promise<Parsed> => {
    const { page } = await served.open("#/health");
    // The page's own module, and text nodes only: what it makes can be read back as HTML.
    return page.evaluate(async (given) => {
      const address = "/console/markdown/render.js";
      const { markdown } = await import(address);
      const startedAt = performance.now();
      const nodes = markdown(given);
      const tookMs = performance.now() - startedAt;
      const document = (globalThis as unknown as { document: { createElement(name: string): Box } }).document;
      interface Box {
        append(...nodes: readonly unknown[]): void;
        readonly innerHTML: string;
      }
      const box = document.createElement("div");
      box.append(...nodes);
      return { html: box.innerHTML, tookMs };
    }, text);
  };

  it.each([
    ["# One\n## Two ##\n####### Seven", "<h2>One</h2><h3>Two</h3><p>####### Seven</p>"],
    ["a *b* **c** ~~d~~ `e*f*`", "<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>e*f*</code></p>"],
    ["2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"],
    ["**open and *never closed", "<p>**open and *never closed</p>"],
    ["\\*not\\* `a``b`", "<p>*not* <code>a``b</code></p>"],
    [
      "- a\n- b\n  - c\n\n  d\n3) x",
      '<ul><li>a</li><li>b<ul><li>c</li></ul><p>d</p></li></ul><ol start="3"><li>x</li></ol>',
    ],
    ["In\n2024. it was", "<p>In 2024. it was</p>"],
    ["> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"],
    ["---\n***", "<hr><hr>"],
    ["a  \nb\nc", "<p>a<br>b c</p>"],
    ["~~~\n# no\n~~~\nyes", '<pre tabindex="0" data-language=""><code># no</code></pre><p>yes</p>'],
    ["```ts\nopen", '<pre tabindex="0" data-language="ts"><code>open</code></pre>'],
    [
      "| a | b |\n|---|:-:|\n| 1 \\| 2 |\n",
      '<div class="scroll"><table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead><tbody><tr><td>1 | 2</td><td></td></tr></tbody></table></div>',
    ],
    ["<b>x</b> &amp;", "<p>&lt;b&gt;x&lt;/b&gt; &amp;amp;</p>"],
    ["[x](javascript:alert(1))", '<p><span class="dead-link">x</span></p>'],
    ["[x](#/jobs)", '<p><span class="dead-link">x</span></p>'],
    ["[x](/jobs)", '<p><span class="dead-link">x</span></p>'],
  ])("%j", async (text, html) => {
    expect((await render(text)).html).toBe(html);
  });

  it("follows an address up to the end of its sentence", async () => {
    const { html } = await render("See https://example.com/a_b?c=1. Or [it](<https://example.com/x y>)!");
    expect(html).toContain('href="https://example.com/a_b?c=1"');
    expect(html).toContain('</a>. Or <a href="https://example.com/x y"');
  });

  it.each([
    ["openers", "*".repeat(100_000)],
    ["openers of links", "[".repeat(100_000)],
    ["half links", "[a](".repeat(50_000)],
    ["images", "![".repeat(100_000)],
    ["marks of code", Array.from({ length: 400 }, (_, at) => "`".repeat(at + 1)).join(" ")],
    ["quotes", `${">".repeat(100_000)} a`],
    ["lists", Array.from({ length: 2_000 }, (_, at) => `${" ".repeat(at % 100)}- a`).join("\n")],
    ["emphasis within emphasis", "*a _b ".repeat(30_000)],
    ["words", "_a".repeat(100_000)],
    ["tables", `|a\n|-\n${"|".repeat(200_000)}`],
    ["rules", `${"- ".repeat(100_000)}x`],
    ["strikes", "~~a".repeat(60_000)],
  ])("of many %s takes no time that grows with their square", async (_, text) => {
    // A hang would be a minute and more; how fast it is, nobody asks.
    expect((await render(text)).tookMs).toBeLessThan(20_000);
  });
});
