import { type Clock, type CommandSink, isoTime, type Logger } from "@atlas/core";
import { type CacheStore, type LLMMiddleware, withCache } from "@atlas/llm";
import type { LLMCommand } from "@atlas/llm/module";
import { checkOptions } from "@atlas/plugins/runtime";

/** The cache of a gateway: how long it gives an answer again, and how much of the file it may take. */
export interface GatewayCacheOptions {
  /** How long an answer is given again, in milliseconds. A longer time saves more calls and gives older answers. */
  readonly ttlMs: number;
  /** The most answers in the file (default 1,000). Those that expire soonest go first. */
  readonly maxEntries?: number;
  /** Larger answers are not kept, in bytes of JSON (default 65,536, at most 1,048,576). */
  readonly maxEntryBytes?: number;
  /** Where answers are kept in place of the file, such as a store that several gateways share. It bounds itself. */
  readonly store?: CacheStore;
}

const known: Readonly<Record<keyof GatewayCacheOptions, true>> = {
  ttlMs: true,
  maxEntries: true,
  maxEntryBytes: true,
  store: true,
};

const DEFAULT_ENTRIES = 1_000;
const MOST_ENTRY_BYTES = 1024 * 1024;
const LONGEST_TTL_MS = 10 * 365 * 24 * 3_600_000;

/** Refuses options of the cache that do not exist or make no sense. */
export function checkCacheOptions(options: GatewayCacheOptions): void {
  checkOptions("createGateway's llmCache", options, Object.keys(known));
  check("ttlMs", options.ttlMs, LONGEST_TTL_MS);
  check("maxEntries", options.maxEntries ?? 1, Number.MAX_SAFE_INTEGER);
  check("maxEntryBytes", options.maxEntryBytes ?? 1, MOST_ENTRY_BYTES);
}

function check(name: string, value: unknown, most: number): void {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new TypeError(
    `createGateway: llmCache.${name} must be a whole number from 1 to ${most}; got ${String(value)}.`,
  );
}

/** The middleware that gives the answers in the gateway's own file again. */
export function createGatewayCache(
  options: GatewayCacheOptions,
  gateway: {
    readonly commands: CommandSink<LLMCommand>;
    readonly findAnswer: (
      key: string,
    ) => Promise<{ readonly answer: string; readonly expires_at: string } | undefined>;
    /** The models that are configured. Answers of others are not given again. */
    readonly routing: unknown;
    readonly clock: Clock;
    readonly log: Logger;
  },
): LLMMiddleware {
  const { ttlMs, maxEntries = DEFAULT_ENTRIES, maxEntryBytes, store } = options;
  const { commands, findAnswer, routing, clock, log } = gateway;
  const file: CacheStore = {
    async get(key) {
      const found = await findAnswer(key);
      return found && { answer: found.answer, expiresAt: Date.parse(found.expires_at) };
    },
    async set(key, { answer, expiresAt }) {
      await commands.enqueue(
        { type: "llm.cache.put", key, answer, expires_at: isoTime(expiresAt), max_entries: maxEntries },
        { actor: "gateway" },
      );
    },
  };
  return withCache({
    ttlMs,
    store: store ?? file,
    namespace: JSON.stringify(routing ?? null),
    clock,
    log,
    ...(maxEntryBytes === undefined ? {} : { maxEntryBytes }),
  });
}
