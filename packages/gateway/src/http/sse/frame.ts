const encoder = new TextEncoder();

/** One server-sent event as bytes. Without `data` it only moves the id with which a client resumes. */
export function encodeFrame(parts: {
  readonly id?: number;
  /** The name of the event. Default: `message`. */
  readonly event?: string;
  /** Sent as JSON, which has no line break. */
  readonly data?: unknown;
}): Uint8Array {
  const { id, event, data } = parts;
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}\n`]),
    ...(event === undefined ? [] : [`event: ${event}\n`]),
    ...(data === undefined ? [] : [`data: ${JSON.stringify(data)}\n`]),
  ];
  return encoder.encode(`${lines.join("")}\n`);
}

/** A comment that keeps proxies from closing an idle stream. */
export function encodeHeartbeat(id: number | undefined): Uint8Array {
  return encoder.encode(id === undefined ? ": heartbeat\n\n" : `: heartbeat\nid: ${id}\n\n`);
}
