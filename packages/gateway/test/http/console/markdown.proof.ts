import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage } from "./support/browser.ts";
import { serveWorld } from "./support/served-world.ts";

const served = serveWorld();

interface Parsed {
  readonly html: string;
  readonly tookMs: number;
}

describe("Markdown", () => {
  let page: Page;
  beforeAll(async () => {
    page = (await openPage(served.browser)).page;
    await page.goto(`${served.server.url}/console`);
  });
  afterAll(() => page?.close());

  const render = async (text: string): Promise<Parsed> => {
    // The page's own module: what it makes is read back as HTML.
    return (await page.evaluate(`(async () => {
      const { markdown } = await import("/console/markdown/render.js");
      const startedAt = performance.now();
      const nodes = markdown(${JSON.stringify(text)});
      const tookMs = performance.now() - startedAt;
      const box = document.createElement("div");
      box.append(...nodes);
      return { html: box.innerHTML, tookMs };
    })()`)) as Parsed;
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
    ["a  \nb\nc\\\nd \ne   f", "<p>a<br>b c<br>d e   f</p>"],
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
    ["lines", "a\n".repeat(140_000)],
    ["spaces", `a${" ".repeat(200_000)}b  \n${" ".repeat(50_000)}`],
    ["rules", `${"- ".repeat(100_000)}x`],
    ["strikes", "~~a".repeat(60_000)],
  ])("of many %s takes no time that grows with their square", async (_, text) => {
    // A hang would be a minute and more; how fast it is, nobody asks.
    expect((await render(text)).tookMs).toBeLessThan(20_000);
  });
});
