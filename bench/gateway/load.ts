// A load of HTTP requests from a process of its own: its only argument is what to send, and it prints what came of it.
import autocannon from "autocannon";

/** What to send. */
export interface Load {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What came of it. */
export interface Loaded {
  readonly perSecond: number;
  readonly p99Ms: number;
  /** Answers that were no success, errors of connections, and requests without an answer in time. */
  readonly failed: number;
}

const load = JSON.parse(process.argv[2] ?? "") as Load;
const { url, method, headers, body, connections, seconds } = load;
const result = await autocannon({
  url,
  method,
  headers: { ...headers },
  ...(body === undefined ? {} : { body }),
  connections,
  duration: seconds,
});
const loaded: Loaded = {
  perSecond: result["2xx"] / result.duration,
  p99Ms: result.latency.p99,
  failed: result.non2xx + result.errors + result.timeouts,
};
console.log(JSON.stringify(loaded));
