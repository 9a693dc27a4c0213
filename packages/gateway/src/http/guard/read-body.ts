import { ProblemError } from "../problem/problem-error.ts";

const JSON_TYPE = /^application\/json(?:;\s*charset="?utf-8"?)?$/i;

/** Refuses a body that is not plain JSON: a form or a text can come from any page without the browser asking first. */
export function checkContentType({ headers }: Request): void {
  const type = headers.get("content-type");
  if (type === null || !JSON_TYPE.test(type))
    throw new ProblemError(
      "ATLAS_HTTP_CONTENT_TYPE_REFUSED",
      "The body must be JSON. Send it with `Content-Type: application/json`.",
    );
}

/** Reads a body of at most so many bytes, and stops at the first byte too many, whatever length the request claims. */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const { headers } = request;
  // A small body can unpack to any size.
  if (headers.has("content-encoding"))
    throw new ProblemError(
      "ATLAS_HTTP_CONTENT_TYPE_REFUSED",
      "The body must not be encoded. Send it without `Content-Encoding`.",
    );
  const claimed = headers.get("content-length");
  if (claimed !== null && Number(claimed) > maxBytes) throw tooLarge(maxBytes);
  try {
    // A server ends a body at the length that it claims, so reading it at once is bounded. That is much faster than by chunks.
    const bytes =
      claimed === null ? await readChunks(request, maxBytes) : new Uint8Array(await request.arrayBuffer());
    if (bytes.length > maxBytes) throw tooLarge(maxBytes);
    return bytes;
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError("ATLAS_HTTP_REQUEST_MALFORMED", "The body ended too early, or was read before.");
  }
}

async function readChunks({ body }: Request, maxBytes: number): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError(
    "ATLAS_HTTP_BODY_TOO_LARGE",
    `The body has more than ${maxBytes} bytes. Send less, or several requests.`,
    // What is left of it is not read.
    { headers: { connection: "close" } },
  );
}
