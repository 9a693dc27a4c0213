import { z } from "zod";

const ADDRESS_MUST =
  "must be an http or https address without a user name and password; put credentials into headers";

/** An address to fetch from or send to. */
export const addressOption: z.ZodString = z.string(ADDRESS_MUST).refine((value) => {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}, ADDRESS_MUST);

const HEADERS_MUST = "must be an object of header names and text values";

/** Headers to send. They are checked here, because a later error would quote their values. */
export const headersOption = z
  .record(z.string(), z.string(HEADERS_MUST), HEADERS_MUST)
  .refine((headers) => {
    try {
      new Headers(headers);
      return true;
    } catch {
      return false;
    }
  }, "has a name or value that HTTP does not allow")
  .readonly();
