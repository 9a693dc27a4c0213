import { expect, it } from "vitest";
import { createRequestFigures } from "../../src/http/app/request-figures.ts";

it("counts requests by route, method and status, and how long they took, for Prometheus", () => {
  const figures = createRequestFigures(() => 3);
  const of = { method: "GET", route: "/jobs/{id}" };
  figures.answered({ ...of, status: 200, durationMs: 1 });
  figures.answered({ ...of, status: 200, durationMs: 7 });
  figures.answered({ ...of, status: 404, durationMs: 90_000 });
  figures.answered({ method: "FROB", route: "none", status: 404, durationMs: 0 });
  const page = figures.page();
  const lines = page.split("\n");
  const labels = 'method="GET",route="/jobs/{id}"';
  for (const expected of [
    "# TYPE atlas_http_requests_total counter",
    `atlas_http_requests_total{${labels},status="200"} 2`,
    `atlas_http_requests_total{${labels},status="404"} 1`,
    'atlas_http_requests_total{method="_OTHER",route="none",status="404"} 1',
    "# TYPE atlas_http_request_duration_seconds histogram",
    `atlas_http_request_duration_seconds_bucket{${labels},le="0.001"} 1`,
    `atlas_http_request_duration_seconds_bucket{${labels},le="0.005"} 1`,
    `atlas_http_request_duration_seconds_bucket{${labels},le="0.01"} 2`,
    `atlas_http_request_duration_seconds_bucket{${labels},le="60"} 2`,
    `atlas_http_request_duration_seconds_bucket{${labels},le="+Inf"} 3`,
    `atlas_http_request_duration_seconds_sum{${labels}} 90.008`,
    `atlas_http_request_duration_seconds_count{${labels}} 3`,
    "atlas_http_streams_open 3",
  ])
    expect(lines).toContain(expected);
  expect(page.endsWith("\n")).toBe(true);
});

it("keeps one series for all methods that a caller makes up", () => {
  const figures = createRequestFigures(() => 0);
  for (let number = 0; number < 1_000; number += 1)
    figures.answered({ method: `X${number}`, route: "none", status: 404, durationMs: 1 });
  expect(figures.page().split("\n").length).toBeLessThan(40);
});
