// Listeners of one stream of events, from a process of its own. Prints `{"open": n}` once all of them are open and what they have
// heard once each of them has had all events: how long after its commit each event came, in milliseconds.
import { get } from "node:http";

/** What to listen to. */
export interface Listening {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly listeners: number;
  /** How many events each of them waits for. */
  readonly events: number;
}

/** What was heard. */
export interface Heard {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const { url, headers, listeners, events } = JSON.parse(process.argv[2] ?? "") as Listening;
const DATA = /"created_at":"([^"]+)"/g;
const delays: number[] = [];
// All listeners get the same text, which is read once: this process has one core for a thousand of them.
let read: { readonly text: string; readonly times: readonly number[] } = { text: "", times: [] };

await Promise.all(Array.from({ length: listeners }, listen));
console.log(JSON.stringify({ open: listeners }));

/** When the events in a text were committed. */
function timesIn(text: string): readonly number[] {
  if (text !== read.text)
    read = { text, times: Array.from(text.matchAll(DATA), ([, at = ""]) => Date.parse(at)) };
  return read.times;
}

function report(): void {
  delays.sort((left, right) => left - right);
  const at = (share: number): number => delays[Math.floor(share * (delays.length - 1))] ?? Number.NaN;
  const heard: Heard = { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  console.log(JSON.stringify(heard));
  process.exit();
}

function listen(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { headers: { ...headers }, agent: false }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`A stream answered ${response.statusCode}.`));
      response.setEncoding("utf8");
      let rest = "";
      response.on("data", (chunk: string) => {
        const now = Date.now();
        const text = rest + chunk;
        const end = text.lastIndexOf("\n\n") + 1;
        rest = text.slice(end);
        for (const at of timesIn(text.slice(0, end))) delays.push(now - at);
        if (delays.length === listeners * events) report();
      });
      resolve();
    });
    request.once("error", reject);
  });
}
