import { z } from "zod";

// Version 00 of W3C Trace Context: version, trace id, parent id, flags. Ids of zeros only mean that there is none.
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * A zod schema for a `traceparent` of W3C Trace Context, version 00, such as
 * `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`. A service that is called with another one begins a trace of its own: use
 * `safeParse` for what comes from outside.
 */
export const traceparentText = z.string().regex(TRACEPARENT, {
  message:
    'must be a traceparent of W3C Trace Context, version 00: "00-<32 hex digits>-<16 hex digits>-<2 hex digits>", lower case, ids not all zeros',
});
