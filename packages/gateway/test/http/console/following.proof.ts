import { describe, expect, it, onTestFinished } from "vitest";
import { serve } from "../../../src/http/index.ts";
import { openPage } from "./support/browser.ts";
import { serveWorld, settled } from "./support/served-world.ts";

const served = serveWorld();
const upsert = (id: string, type = "note") =>
  served.world.gateway.commands.enqueue({ type: "entity.upsert", entity: { id, type, title: id } });

describe("live events", () => {
  it("come as they are committed, are filtered, and stand still during a pause", async () => {
    const { page, complaints } = await served.open("#/live");
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("live");
    const first = page.locator(".events li").first();
    await upsert("fresh-1");
    await expect.poll(() => first.innerText()).toContain("fresh-1");
    await page.keyboard.press("p");
    await upsert("fresh-2");
    await page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
    expect(await page.locator(".events").innerText()).not.toContain("fresh-2");
    await page.getByRole("button", { name: "Resume (1 new)" }).click();
    await expect.poll(() => first.innerText()).toContain("fresh-2");
    await page.getByLabel("Filter").fill("JOB.FAILED");
    await expect
      .poll(async () => new Set(await page.locator(".events .name").allInnerTexts()))
      .toEqual(new Set(["job.failed"]));
    await page.getByLabel("Filter").fill("no such");
    await expect.poll(() => page.locator("main .note").innerText()).toBe("No event matches the filter.");
    expect(complaints).toEqual([]);
  });

  it("are the last 500, however many there are", async () => {
    const { page } = await served.open("#/live");
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("live");
    await served.world.gateway.commands.enqueueAll(
      Array.from({ length: 900 }, (_, at) => ({
        type: "entity.upsert" as const,
        entity: { id: `many-${at}`, type: "note" },
      })),
    );
    await expect.poll(() => page.locator(".events li").first().innerText()).toContain("many-899");
    expect(await page.locator(".events li").count()).toBe(500);
    expect(await page.locator(".events li").last().innerText()).toContain("many-400");
  });

  it("go on where they were after the server was away, with nothing missing and nothing twice", async () => {
    const { gateway } = served.world;
    const token = "a-token-that-outlasts-its-server-0123456789";
    const first = await serve(gateway, { token });
    const { page, requests } = await openPage(served.browser);
    onTestFinished(() => page.context().close());
    await page.goto(`${first.url}/console#token=${token}`);
    await settled(page);
    await page.goto(`${first.url}/console#/live`);
    await expect.poll(() => page.locator(".head .badge").textContent()).toBe("live");
    await upsert("lost-0");
    await expect.poll(() => page.locator(".events").innerText()).toContain("lost-0");
    await first.stop();
    await expect.poll(() => page.locator("#connection").textContent()).toBe("No connection");
    expect(await page.locator(".head .badge").textContent()).not.toBe("live");
    for (const id of ["lost-1", "lost-2", "lost-3"]) await upsert(id);
    const second = await serve(gateway, { token, port: first.port });
    onTestFinished(() => second.stop());
    await expect.poll(() => page.locator(".events").innerText()).toContain("lost-3");
    const ids = await page.locator(".events li .id").allInnerTexts();
    expect(ids.filter((id) => id.startsWith("lost-"))).toEqual(["lost-3", "lost-2", "lost-1", "lost-0"]);
    await expect.poll(() => page.locator("#connection").isHidden()).toBe(true);
    // It asked for what it had not had, and for nothing else.
    const places = requests
      .flatMap((request) => new URL(request).searchParams.get("after") ?? [])
      .map(Number);
    const [last] = (await page.locator(".events .seq").allInnerTexts()).map((text) => Number(text.slice(1)));
    expect(places.at(-1)).toBe(Number(last) - 3);
  });

  it("are read by the rules of server-sent events, wherever the bytes are cut", async () => {
    const { page } = await served.open("#/health");
    const text = ":hello\r\nid: 7\rdata: a\ndata:b\r\n\r\nevent: end\ndata: ž\n\nid: 9\n\ndata: cut";
    const read = await page.evaluate(`(async () => {
      const { readEventStream } = await import("/console/app/event-stream.js");
      const bytes = new TextEncoder().encode(${JSON.stringify(text)});
      const all = [];
      for (const size of [1, 2, 3, 7, bytes.length]) {
        const body = new ReadableStream({
          start(controller) {
            for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
            controller.close();
          },
        });
        const events = [];
        for await (const event of readEventStream(body)) events.push(event);
        all.push(events);
      }
      return all;
    })()`);
    const events = [
      { id: "7", type: "message", data: "a\nb" },
      { id: "7", type: "end", data: "ž" },
      { id: "9", type: "position", data: "" },
    ];
    expect(read).toEqual(Array.from({ length: 5 }, () => events));
  });
});

describe("a view", () => {
  it("asks little, and less for one that is left", async () => {
    const { page, requests } = await served.open(`#/jobs/${served.world.jobs.done}`);
    const own = requests.filter(
      (request) => !/\/console|\/stats|\/status|\/calls\?|\/jobs\?order/.test(request),
    );
    // A token may send 60 requests in 10 seconds.
    expect(own.length).toBeLessThanOrEqual(12);
    await page.goto(`${served.server.url}/console#/health`);
    await page.getByRole("heading", { name: "Health" }).waitFor();
    const after = requests.length;
    await page.keyboard.press("r");
    await expect.poll(() => requests.slice(after).some((request) => request.endsWith("/stats"))).toBe(true);
    expect(requests.slice(after).filter((request) => request.includes("/jobs"))).toEqual([]);
  });

  it("waits when the server has no room, and shows what it then gets", async () => {
    const { page } = await served.open("#/health");
    let refused = 0;
    const { items } = await served.world.gateway.repo.findArtifacts({ job_id: served.world.jobs.done });
    // This view asks once: nothing but patience helps it.
    await page.route("**/artifacts/*", async (route) => {
      refused += 1;
      if (refused > 1) return route.continue();
      return route.fulfill({
        status: 429,
        headers: { "retry-after": "0", "content-type": "application/problem+json" },
        body: JSON.stringify({
          detail: "This token sends too many requests.",
          code: "ATLAS_HTTP_RATE_LIMITED",
        }),
      });
    });
    await page.goto(`${served.server.url}/console#/artifacts/${encodeURIComponent(items[0]?.id ?? "")}`);
    await page.getByRole("heading", { name: "Weekly report" }).waitFor();
    expect(await page.locator("main .problem").count()).toBe(0);
    expect(refused).toBeGreaterThan(1);
  });

  it("shares what its parts read at the same time, but not over a change, and no failure", async () => {
    const { page } = await served.open("#/health");
    const reads = await page.evaluate(`(async () => {
      const { shareReads } = await import("/console/app/share-reads.js");
      let reads = 0;
      let changes = 0;
      const read = shareReads(async () => {
        reads += 1;
        if (reads === 3) throw new Error("No.");
        return reads;
      }, () => changes);
      const first = await Promise.all([read(), read()]);
      changes += 1;
      const second = await Promise.all([read(), read()]);
      changes += 1;
      const third = await read().catch(() => "failed");
      return [first, second, third, await read()];
    })()`);
    expect(reads).toEqual([[1, 1], [2, 2], "failed", 4]);
  });
});
