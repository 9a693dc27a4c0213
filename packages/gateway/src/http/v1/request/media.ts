import { invalid, unsupported } from "../openai-error.ts";
import type { UserPart } from "../sdk-types.ts";

type FilePart = Extract<UserPart, { type: "file" }>;

const DATA_URL = /^data:([^;,\s]+)(?:;[^;,]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * An image or a file of a request. A `data:` URL is passed on as bytes, an `https:` URL as it is: the gateway fetches nothing, because an
 * address from outside could name a machine inside.
 */
export function mediaPart(
  url: string,
  {
    at,
    mediaType,
    filename,
  }: { readonly at: string; readonly mediaType: string; readonly filename?: string | undefined },
): FilePart {
  const named = filename === undefined ? {} : { filename };
  if (/^data:/i.test(url)) {
    const [head, type = ""] = DATA_URL.exec(url) ?? [];
    const data = head === undefined ? undefined : url.slice(head.length);
    if (data === undefined || data === "" || !BASE64.test(data))
      throw invalid(at, `${at} is no valid data URL. Write it as "data:image/png;base64,…".`);
    return { type: "file", mediaType: type.toLowerCase(), data: { type: "data", data }, ...named };
  }
  const address = URL.parse(url);
  if (address?.protocol !== "https:") throw invalid(at, `${at} must be an https: or data: URL.`);
  return { type: "file", mediaType, data: { type: "url", url: address }, ...named };
}

/** A file that was uploaded before. Nothing can be uploaded here. */
export function uploadedFile(at: string): Error {
  return unsupported(
    at,
    `${at} names an uploaded file, and the gateway stores none. Send the file itself as a data: URL.`,
  );
}
