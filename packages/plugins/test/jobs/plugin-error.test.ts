import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { isPluginError, PluginError } from "../../src/index.ts";
import { runningJobs } from "../support/running-jobs.ts";

async function failing(error: unknown, clock = createFakeClock()) {
  let runs = 0;
  const lines: (readonly [object, string])[] = [];
  const silent = () => undefined;
  const jobs = await runningJobs(
    async () => {
      runs += 1;
      throw error;
    },
    {
      clock,
      log: {
        debug: silent,
        info: silent,
        error: silent,
        warn: (fields, message) => lines.push([fields, message]),
      },
    },
  );
  await jobs.create("j1", { max_attempts: 2 });
  const first = await jobs.job("j1", ({ status, attempt }) => attempt === 1 && status !== "running");
  return { ...jobs, clock, first, lines, runs: () => runs };
}

describe("a PluginError that a workflow throws", () => {
  it("leaves its code, details and wish in the job and in the log", async () => {
    const { first, lines } = await failing(
      new PluginError("CRM_QUOTA", { account: "a1", used: 3 }, "The quota is used up.", {
        retryAfterMs: 60_000,
        cause: new Error("429"),
      }),
    );
    expect(first).toMatchObject({ status: "queued", run_at: "2026-01-01T00:01:00.000Z" });
    expect(first.error).toEqual({
      name: "PluginError",
      code: "CRM_QUOTA",
      message: "The quota is used up: 429",
      causes: [{ name: "Error", message: "429" }],
      details: { account: "a1", used: 3 },
      retryable: true,
      retryAfterMs: 60_000,
    });
    expect(lines[0]?.[0]).toMatchObject({ job_id: "j1", details: { account: "a1", used: 3 } });
  });

  it("is not retried when it says so", async () => {
    const { first, runs } = await failing(new PluginError("CRM_GONE", {}, "gone", { retryable: false }));
    expect(first).toMatchObject({ status: "failed", error: { code: "CRM_GONE", retryable: false } });
    expect(first.error).not.toHaveProperty("details");
    expect(runs()).toBe(1);
  });

  it.each([
    [{ text: "x".repeat(5_000) }, "at most 4096 are kept"],
    [{ at: new Date(0) }, "not JSON"],
  ])("keeps the job's record whole when its details cannot be stored", async (details, why) => {
    const { first } = await failing(new PluginError("CRM_ODD", details, "odd", { retryable: false }));
    expect(first.error).toMatchObject({
      code: "CRM_ODD",
      details_omitted: expect.stringContaining(why),
    });
  });

  it("is recognised by its code, which types the details of Atlas's own", () => {
    const error: unknown = new PluginError("CRM_QUOTA", { account: "a1" }, "used up");
    expect(isPluginError(error)).toBe(true);
    expect(isPluginError(error, "CRM_QUOTA") && error.details["account"]).toBe("a1");
    expect(isPluginError(error, "ATLAS_PLUGINS_CANCELLED")).toBe(false);
    expect(new PluginError("ATLAS_PLUGINS_NOT_WAITING", { id: "j" }, "no").retryable).toBe(false);
  });
});
