import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { type GatewayServer, serve } from "../../../../src/http/index.ts";
import { openPage, startBrowser, type Witness } from "./browser.ts";
import { createWorld } from "./world.ts";

/** A gateway in which everything has happened, its server, and a browser: one of each for a file. */
export interface ServedWorld {
  readonly browser: Browser;
  readonly server: GatewayServer;
  readonly world: Awaited<ReturnType<typeof createWorld>>;
  /** Opens a view, signed in. */
  open(hash: string, options?: BrowserContextOptions): Promise<Witness>;
}

/** Starts all of it before the tests of a file, and ends it after them. */
export function serveWorld(): ServedWorld {
  let browser: Browser | undefined;
  let server: GatewayServer | undefined;
  let world: Awaited<ReturnType<typeof createWorld>> | undefined;

  beforeAll(async () => {
    world = await createWorld();
    server = await serve(world.gateway, { maxRequestsPer10s: Number.POSITIVE_INFINITY });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await world?.gateway.stop();
  });

  const made: ServedWorld = {
    get browser() {
      return there(browser);
    },
    get server() {
      return there(server);
    },
    get world() {
      return there(world);
    },
    async open(hash, options) {
      const witness = await openPage(made.browser, options);
      const { page } = witness;
      onTestFinished(() => page.context().close());
      await page.goto(`${made.server.url}/console#token=${made.server.token}`);
      await settled(page);
      await page.goto(`${made.server.url}/console${hash}`);
      await settled(page);
      return witness;
    },
  };
  return made;
}

/** Every part of the view has its data. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await expect.poll(() => page.locator("main [aria-busy=true]").count()).toBe(0);
}

function there<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("It is there from beforeAll to afterAll.");
  return thing;
}
