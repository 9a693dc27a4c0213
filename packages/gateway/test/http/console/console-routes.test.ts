import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createTestGateway } from "@atlas/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { createConsoleReader } from "../../../src/http/console/console-files.ts";
import { createConsoleRoutes } from "../../../src/http/console/console-routes.ts";
import { createHttp } from "../../../src/http/index.ts";
import { defineExtension, type Extension, type Route, silentLogger } from "../../../src/index.ts";

const FOLDER = join(import.meta.dirname, "../../../console");
const files = globSync("**/*.{html,css,js}", { cwd: FOLDER }).map((name) => name.replaceAll("\\", "/"));
const scripts = files.filter((name) => name.endsWith(".js"));
const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");

async function open(...extensions: readonly Extension<string, never, never>[]) {
  const gateway = await createTestGateway({ log: silentLogger, extensions });
  onTestFinished(() => gateway.stop());
  const http = createHttp(gateway);
  return (path: string, init: RequestInit = {}) => http.fetch(new Request(`http://localhost${path}`, init));
}

const withRoutes = (...routes: readonly Partial<Route>[]) =>
  defineExtension({
    name: "finops",
    routes: () => routes.map((route) => ({ handle: () => new Response("ok"), ...route }) as Route),
  });

describe("the page of the console", () => {
  it("is public, and its policy lets it run and reach nothing but its own server", async () => {
    const get = await open();
    const response = await get("/console");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "no-cache",
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-request-id": expect.any(String),
    });
    expect(await response.text()).toBe(read("index.html"));
  });

  it("comes with every file that it needs, each with its type", async () => {
    const get = await open();
    for (const name of files) {
      const response = await get(name === "index.html" ? "/console" : `/console/${name}`);
      expect([name, response.status, response.headers.get("x-content-type-options")]).toEqual([
        name,
        200,
        "nosniff",
      ]);
      expect(response.headers.get("content-type")).toMatch(
        name.endsWith(".js") ? /^text\/javascript/ : name.endsWith(".css") ? /^text\/css/ : /^text\/html/,
      );
      expect(await response.text()).toBe(read(name));
    }
  });

  it("is not sent again to who has it", async () => {
    const get = await open();
    const etag = (await get("/console/main.js")).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const response = await get("/console/main.js", { headers: { "if-none-match": known } });
      expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", etag]);
      expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
    }
    for (const other of ['"other"', etag.slice(0, -2)])
      expect((await get("/console/main.js", { headers: { "if-none-match": other } })).status).toBe(200);
    expect((await get("/console/app/api.js")).headers.get("etag")).not.toBe(etag);
  });

  it("is nothing but these files", async () => {
    const get = await open();
    for (const path of [
      "/console/package.json",
      "/console/..%2fpackage.json",
      "/console/%2e%2e/package.json",
      "/console/views/..%2f..%2fpackage.json",
      "/console/views",
      "/console/toString",
      "/console/__proto__",
      `/console/${"a".repeat(300)}`,
    ]) {
      const response = await get(path);
      expect([path, response.status < 500 && response.status >= 400]).toEqual([path, true]);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
    const problem = (await (await get("/console/no-such.js")).json()) as object;
    expect(problem).toMatchObject({ status: 404, code: "ATLAS_HTTP_NOT_FOUND" });
    expect((await get("/console", { method: "POST" })).status).toBe(405);
  });

  it("says what to do where a bundler has left its files out, and finds them once they are there", async () => {
    let folder = join(process.cwd(), "missing");
    const reader = createConsoleReader(() => folder);
    const [page] = createConsoleRoutes(reader);
    const ask = () => page?.handle({ request: new Request("http://localhost/console") } as never);
    await expect(ask()).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining("serverExternalPackages"),
    });
    folder = join(process.cwd(), "console");
    mkdirSync(folder);
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "index.html"), "<p>page</p>");
    writeFileSync(join(folder, "notes.txt"), "not served");
    expect([...((await reader()) ?? new Map()).keys()]).toEqual(["index.html"]);
    expect(await ((await ask()) as Response).text()).toBe("<p>page</p>");
  });

  it("is no part of the OpenAPI document", async () => {
    const get = await open();
    const { paths } = (await (await get("/openapi.json")).json()) as { paths: object };
    expect(Object.keys(paths).filter((path) => path.startsWith("/console"))).toEqual([]);
  });
});

describe("its files", () => {
  it("never parse text as HTML, style or script, and load nothing from elsewhere", () => {
    const forbidden =
      /\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|eval|Function\(|setHTML|srcdoc\s*=|EventSource\(|localStorage\.setItem\(KEY, to)\b/;
    for (const name of scripts) {
      const text = read(name).replaceAll(/^\s*(?:\/\/|\*|\/\*\*).*$/gm, "");
      expect([name, forbidden.exec(text)?.[0]]).toEqual([name, undefined]);
      expect([name, /from "(?!\.\.?\/)/.exec(text)?.[0]]).toEqual([name, undefined]);
    }
    const page = read("index.html");
    expect(page).not.toMatch(
      /<style|<script(?![^>]* src="console\/)|\son\w+=|\sstyle=|(?:src|href)="https?:/,
    );
    for (const name of files.filter((file) => file.endsWith(".css")))
      expect([name, /@import|url\(/.exec(read(name))?.[0]]).toEqual([name, undefined]);
  });

  it("are all reached from the page", () => {
    const reached = new Set<string>();
    const follow = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const [, target = ""] of read(name).matchAll(/^(?:import|\} from).*?"(\.[^"]+)";$/gm))
        follow(relative(FOLDER, join(FOLDER, name, "..", target)).replaceAll("\\", "/"));
    };
    for (const [, name = ""] of read("index.html").matchAll(/(?:src|href)="console\/([^"]+)"/g)) follow(name);
    expect([...reached].sort()).toEqual(files.filter((name) => name !== "index.html").sort());
  });
});

describe("panels of extensions", () => {
  it("are listed in the order of the routes, for everybody", async () => {
    const get = await open(
      withRoutes(
        { method: "GET", path: "/finops/month", panel: { title: "Costs" } },
        { method: "GET", path: "/finops/raw" },
        { method: "GET", path: "/finops/year", panel: { title: "Costs of the year" } },
      ),
    );
    const response = await get("/console/panels.json");
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toEqual({
      items: [
        { extension: "finops", title: "Costs", path: "/finops/month" },
        { extension: "finops", title: "Costs of the year", path: "/finops/year" },
      ],
    });
    // What they show is not.
    expect((await get("/finops/month")).status).toBe(401);
    expect(await (await (await open())("/console/panels.json")).json()).toEqual({ items: [] });
  });

  it.each<[string, Partial<Route>]>([
    ["a title of 1 to 40 characters", { method: "GET", path: "/finops/a", panel: { title: "" } }],
    ["a title of 1 to 40 characters", { method: "GET", path: "/finops/a", panel: { title: "a".repeat(41) } }],
    ["a title of 1 to 40 characters", { method: "GET", path: "/finops/a", panel: null as never }],
    ["reads one address", { method: "POST", path: "/finops/a", panel: { title: "Costs" } }],
    ["reads one address", { method: "GET", path: "/finops/:day", panel: { title: "Costs" } }],
  ])("are refused with words such as %j", async (message, route) => {
    await expect(createTestGateway({ log: silentLogger, extensions: [withRoutes(route)] })).rejects.toThrow(
      message,
    );
  });

  it("cannot take the place of the console", async () => {
    const taken = defineExtension({
      name: "console",
      routes: () => [{ method: "GET", path: "/console/main.js", handle: () => new Response("alert(1)") }],
    });
    await expect(open(taken)).rejects.toThrow("Rename the extension");
  });
});
