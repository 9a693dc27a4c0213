import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Opens a connection to a server. */
export async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  // The server may close while the test still writes.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Reads until the other side closes. */
export async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // Not `once`, which rejects where the connection ends with an error.
  await new Promise((resolve) => socket.on("close", resolve));
  return Buffer.concat(chunks).toString("latin1");
}

/** Sends bytes as they are, and reads until the server closes. Ask for `Connection: close`. */
export async function exchange(port: number, ...parts: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const socket = await open(port);
  const all = readAll(socket);
  for (const part of parts) socket.write(part);
  return parse(await all);
}

/** Reads the first answer of a text; status 0 where there is none. */
export function parse(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const headers = lines.map((one): [string, string] => {
    const at = one.indexOf(":");
    return [one.slice(0, at).toLowerCase(), one.slice(at + 1).trim()];
  });
  return {
    status: Number(line.split(" ")[1] ?? 0),
    headers: Object.fromEntries(headers),
    text: rest.join("\r\n\r\n"),
  };
}

/** The text of a request: its line, its headers, and `Connection: close`. */
export function request(line: string, headers: readonly string[], body = ""): string {
  return [`${line} HTTP/1.1`, ...headers, "Connection: close", "", body].join("\r\n");
}
