/**
 * Helpers that Atlas's other packages share. They can change in any release: use what `@atlas/core` exports instead.
 *
 * @module
 */

// Kysely at run time, which the build puts into this package (tsup.config.ts). Its types come from the peer.
export { sql } from "kysely";
export { checkOptions } from "./contract/known-options.ts";
export { lazySchema } from "./contract/lazy-schema.ts";
export { guardLogger } from "./contract/logger.ts";
export { didYouMean, nearestName } from "./contract/nearest.ts";
export { cursorKeys, pageLimit, readCursor, toPage } from "./contract/page.ts";
export { lazyStatement } from "./contract/statement.ts";
export { normalizeTime } from "./contract/time.ts";
export { requireNode } from "./file/node-version.ts";
export { parseEventId } from "./model/domain-event.ts";
export { createEventIds, type EventIdOf } from "./model/event-ids.ts";
export { isOfType } from "./model/is-event.ts";
export { toJob } from "./model/records.ts";
export { type Backoff, createBackoff } from "./writing/backoff.ts";
export { createLoop, type Loop } from "./writing/loop.ts";
