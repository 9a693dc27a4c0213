import type { Clock } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";
import { hostOf } from "../../host.ts";
import { createEventFeed, type EventFeed } from "../sse/event-feed.ts";
import { createJobFeed, type JobFeed } from "../sse/job-feed.ts";
import { createStreams, type Streams } from "../sse/streams.ts";

/** What routes share within one application. */
export interface RouteHost {
  readonly gateway: Gateway;
  readonly clock: Clock;
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
  const { clock } = hostOf("createHttp", gateway);
  return {
    gateway,
    clock,
    backups: options.backups,
    streams: createStreams({ clock, most: options.maxStreams ?? MOST_STREAMS }),
    eventFeed: createEventFeed(gateway, clock),
    jobFeed: createJobFeed(gateway),
  };
}
