import type { Clock } from "@atlas/core";
import type { Gateway } from "../../gateway.ts";
import { hostOf } from "../../host.ts";
import { createRequestFigures, type RequestFigures } from "../app/request-figures.ts";
import { createEventFeed, type EventFeed } from "../sse/event-feed.ts";
import { createJobFeed, type JobFeed } from "../sse/job-feed.ts";
import { createStreams, type Streams } from "../sse/streams.ts";

/** What routes share within one application. */
export interface RouteHost {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly streams: Streams;
  readonly figures: RequestFigures;
  readonly eventFeed: EventFeed;
  readonly jobFeed: JobFeed;
}

const MOST_STREAMS = 1_024;

/** The shared parts of one application; they cost nothing until somebody uses them. */
export function createRouteHost(
  gateway: Gateway,
  options: { readonly maxStreams?: number | undefined },
): RouteHost {
  const { clock } = hostOf("createHttp", gateway);
  const streams = createStreams({ clock, most: options.maxStreams ?? MOST_STREAMS });
  return {
    gateway,
    clock,
    streams,
    figures: createRequestFigures(() => streams.count),
    eventFeed: createEventFeed(gateway, clock),
    jobFeed: createJobFeed(gateway),
  };
}
