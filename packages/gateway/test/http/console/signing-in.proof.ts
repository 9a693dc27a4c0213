import { describe, expect, it, onTestFinished } from "vitest";
import { serve } from "../../../src/http/index.ts";
import { openPage } from "./support/browser.ts";
import { serveWorld, settled } from "./support/served-world.ts";

const served = serveWorld();

/** What the tab and the browser remember. */
const memory = "JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, location.href])";

async function blank() {
  const witness = await openPage(served.browser);
  onTestFinished(() => witness.page.context().close());
  return witness;
}

describe("signing in", () => {
  it("asks for a token, says when it is wrong, and shows the view with the right one", async () => {
    const { page } = await blank();
    let refusals = 0;
    page.on("response", (response) => {
      if (response.status() === 401) refusals += 1;
    });
    await page.goto(`${served.server.url}/console#/jobs`);
    const field = page.getByLabel("Token");
    expect(await field.getAttribute("type")).toBe("password");
    await field.fill("wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("not valid");
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
    // One without a token, one with the wrong one: a server counts them.
    expect(refusals).toBe(2);
    await field.fill(` ${served.server.token} `);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
    await settled(page);
    expect(await page.locator("main tbody tr").count()).toBeGreaterThan(3);
  });

  it("takes the token of a link over, and leaves it in this tab alone", async () => {
    const { page, requests } = await blank();
    const { token, url } = served.server;
    const addresses: unknown[] = [];
    await page.route("**/status", async (route) => {
      addresses.push(await page.evaluate("location.href"));
      await route.continue();
    });
    await page.goto(`${url}/console#token=${token}`);
    await settled(page);
    // It is gone before the first request.
    expect(addresses[0]).toBe(`${url}/console#/`);
    const [session, local, cookies, address] = JSON.parse(String(await page.evaluate(memory)));
    expect(session).toEqual({ "atlas.token": token });
    expect([local, cookies, address]).toEqual([{}, "", `${url}/console#/`]);
    // Neither the address nor the history has it: going back leaves the page.
    expect(await page.evaluate("history.length")).toBe(2);
    expect(requests.filter((request) => request.includes(String(token)))).toEqual([]);
    await page.reload();
    await settled(page);
    expect(await page.getByRole("heading", { name: "Overview" }).count()).toBe(1);
    const other = await page.context().newPage();
    await other.goto(`${url}/console`);
    await other.getByLabel("Token").waitFor();
  });

  it("asks again when the token is revoked, and forgets it", async () => {
    const { page } = await blank();
    const { token, record } = await served.world.gateway.tokens.create({
      name: "short-lived",
      scopes: ["*"],
    });
    await page.goto(`${served.server.url}/console#token=${token}`);
    await settled(page);
    await served.world.gateway.tokens.revoke(record.id);
    await page.keyboard.press("r");
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("forgets the token when somebody signs out", async () => {
    const { page } = await served.open("#/jobs");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.evaluate("sessionStorage.length")).toBe(0);
  });

  it("names the scope that a token has not, and shows the rest", async () => {
    const { page } = await blank();
    const { token } = await served.world.gateway.tokens.create({ name: "jobs-only", scopes: ["jobs:read"] });
    await page.goto(`${served.server.url}/console#token=${token}`);
    await settled(page);
    expect(await page.locator("main").innerText()).toContain("operations:read");
    expect(await page.getByRole("region", { name: "Newest jobs" }).locator("tbody tr").count()).toBe(6);
    // The timeline of a job is drawn without the events of the job, which this token may not read.
    await page.goto(`${served.server.url}/console#/jobs/${served.world.jobs.failed}`);
    await settled(page);
    expect(await page.locator(".timeline li").allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining("Attempt 2")]),
    );
    await page.getByRole("button", { name: "Run again" }).click();
    await page.locator("dialog").getByRole("button", { name: "Run again" }).click();
    await expect.poll(() => page.locator("dialog [role=alert]").textContent()).toContain("jobs:write");
  });

  it("works below the path at which a host has mounted it", async () => {
    const mounted = await serve(served.world.gateway, { basePath: "/ops/atlas" });
    onTestFinished(() => mounted.stop());
    const { page, requests, complaints } = await blank();
    await page.goto(`${new URL(mounted.url).origin}/ops/atlas/console#token=${mounted.token}`);
    await settled(page);
    await page.getByRole("link", { name: "Costs" }).click();
    await expect.poll(() => page.locator("article").innerText()).toContain("house-large");
    expect(
      requests.filter(
        (request) => !new URL(request).pathname.startsWith("/ops/atlas/") && !request.startsWith("data:"),
      ),
    ).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it("is not asked for where the server wants no token", async () => {
    const open = await serve(served.world.gateway, { auth: "none" });
    onTestFinished(() => open.stop());
    const { page } = await blank();
    await page.goto(`${open.url}/console`);
    await settled(page);
    expect(await page.getByRole("heading", { name: "Overview" }).count()).toBe(1);
    expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);
  });
});
