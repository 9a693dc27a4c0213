import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** Where screenshots are kept: no file of a test run lies in the checkout. */
export const SCREENSHOTS = join(import.meta.dirname, "../../../../../../node_modules/.cache/atlas/console");

/** What a page did while it was open. */
export interface Witness {
  readonly page: Page;
  /** Every address that it asked. */
  readonly requests: readonly string[];
  /** What it wrote to its console, and what it threw. */
  readonly complaints: readonly string[];
}

/** Starts Chromium. Its profile lies in the temporary folder of the test. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(PROGRAM))
    throw new Error(
      `There is no ${PROGRAM}. Run npm run test:console as root, or install the package "chromium".`,
    );
  mkdirSync(SCREENSHOTS, { recursive: true });
  return chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
}

/** Opens a page that watches itself. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Witness> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, requests, complaints };
}
