/** What requests came to, for metrics. */
export interface RequestFigures {
  answered(request: {
    readonly method: string;
    /** The path of the route, or `none`. */
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  /** The figures in the text format of Prometheus. */
  page(): string;
}

interface Series {
  readonly labels: string;
  readonly statuses: Map<number, number>;
  /** How many took at most as long as the bound of the same place. */
  readonly counts: number[];
  count: number;
  sumMs: number;
}

/** In milliseconds: from an answer out of memory to a job that is waited for. */
const BOUNDS_MS = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * The figures of one server, from its start. A series is kept for each route and method, and none for what a caller made up, so their number
 * has a bound.
 */
export function createRequestFigures(openStreams: () => number): RequestFigures {
  const series = new Map<string, Series>();

  return {
    answered({ method, route, status, durationMs }) {
      const labels = `method="${METHODS.has(method) ? method : "_OTHER"}",route="${route}"`;
      let of = series.get(labels);
      if (of === undefined) {
        of = { labels, statuses: new Map(), counts: BOUNDS_MS.map(() => 0), count: 0, sumMs: 0 };
        series.set(labels, of);
      }
      of.statuses.set(status, (of.statuses.get(status) ?? 0) + 1);
      const place = BOUNDS_MS.findIndex((bound) => durationMs <= bound);
      if (place !== -1) of.counts[place] = (of.counts[place] ?? 0) + 1;
      of.count += 1;
      of.sumMs += durationMs;
    },
    page: () =>
      [
        ...head("atlas_http_requests_total", "counter", "Requests that were answered, by status."),
        ...[...series.values()].flatMap(({ labels, statuses }) =>
          [...statuses].map(([status, count]) =>
            line("requests_total", `${labels},status="${status}"`, count),
          ),
        ),
        ...head("atlas_http_request_duration_seconds", "histogram", "From a request to its answer."),
        ...[...series.values()].flatMap(durations),
        ...head("atlas_http_streams_open", "gauge", "Streams of events that are open."),
        `atlas_http_streams_open ${openStreams()}\n`,
      ].join(""),
  };
}

function durations({ labels, counts, count, sumMs }: Series): readonly string[] {
  let below = 0;
  const buckets = BOUNDS_MS.map((bound, place) => {
    below += counts[place] ?? 0;
    return line("request_duration_seconds_bucket", `${labels},le="${bound / 1_000}"`, below);
  });
  return [
    ...buckets,
    line("request_duration_seconds_bucket", `${labels},le="+Inf"`, count),
    line("request_duration_seconds_sum", labels, sumMs / 1_000),
    line("request_duration_seconds_count", labels, count),
  ];
}

function head(name: string, type: string, description: string): readonly string[] {
  return [`# HELP ${name} ${description}\n# TYPE ${name} ${type}\n`];
}

function line(name: string, labels: string, value: number): string {
  return `atlas_http_${name}{${labels}} ${value}\n`;
}
