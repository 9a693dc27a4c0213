import type { Gateway } from "../../gateway.ts";
import { createEventFeed, type EventFeed } from "../sse/event-feed.ts";
import { createJobFeed, type JobFeed } from "../sse/job-feed.ts";
import { createStreams, type Streams } from "../sse/streams.ts";

/** What routes share within one application. */
export interface RouteHost {
  /** Where backups go; absent where the host allows none. */
  readonly backups: BackupsOptions | undefined;
  readonly streams: Streams;
  readonly eventFeed: EventFeed;
  readonly jobFeed: JobFeed;
}

/** Where `POST /maintenance/backups` puts its copies. */
export interface BackupsOptions {
  /** A folder that exists. The server names the files. */
  readonly folder: string;
}

const MOST_STREAMS = 1_024;

/** The shared parts of one application; they cost nothing until somebody uses them. */
export function createRouteHost(
  gateway: Gateway,
  options: { readonly backups?: BackupsOptions | undefined; readonly maxStreams?: number | undefined },
): RouteHost {
  return {
    backups: options.backups,
    streams: createStreams({ clock: gateway.clock, most: options.maxStreams ?? MOST_STREAMS }),
    eventFeed: createEventFeed(gateway),
    jobFeed: createJobFeed(gateway),
  };
}
