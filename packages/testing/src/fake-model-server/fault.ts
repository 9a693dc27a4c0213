import type { ServerResponse } from "node:http";

/** What can go wrong with a model service on the network. */
export type FakeFault =
  /** Takes the call and never answers. */
  | "hang"
  /** Begins to stream and never goes on. */
  | "hang_mid_stream"
  /** Sends one byte now and then, and never a whole event. */
  | "drip"
  /** Closes the connection before it answers. */
  | "reset"
  /** Closes the connection in the middle of the answer. */
  | "reset_mid_stream"
  /** Says that more bytes come than do. */
  | "short_body"
  /** Ends the stream in good order, without the event that says that the answer is complete. */
  | "no_end"
  /** Answers 200 with a web page. */
  | "html"
  /** Answers 200 with nothing. */
  | "empty"
  /** Answers 200 with `{}`. */
  | "empty_object"
  /** Answers 200 with JSON of the wrong types. */
  | "wrong_types"
  /** Answers 200 and never stops to send. */
  | "endless"
  /** Answers with what is not HTTP. */
  | "not_http"
  /** Answers with a redirect to the address of cloud metadata. */
  | "redirect";

const DRIP_MS = 20;
const ENDLESS_CHUNK = "x".repeat(65_536);

/** Lets a fault happen. `opening` is how a good stream begins, with some text; `whole` is a good answer. */
export function sendFault(
  response: ServerResponse,
  fault: FakeFault,
  good: { readonly contentType: string; readonly opening: string; readonly whole: string },
): void {
  const { contentType, opening, whole } = good;
  const answer = (type: string, text: string): void => {
    response.writeHead(200, { "content-type": type }).end(text);
  };
  switch (fault) {
    case "hang":
      return;
    case "hang_mid_stream":
      response.writeHead(200, { "content-type": contentType }).write(opening);
      return;
    case "drip": {
      response.writeHead(200, { "content-type": contentType }).write("data: ");
      const timer = setInterval(() => response.write(" "), DRIP_MS);
      response.on("close", () => clearInterval(timer));
      return;
    }
    case "reset":
      response.destroy();
      return;
    case "reset_mid_stream":
      response.writeHead(200, { "content-type": contentType });
      response.write(opening, () => response.destroy());
      return;
    case "short_body":
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(whole) + 100,
      });
      response.write(whole, () => response.destroy());
      return;
    case "no_end":
      answer(contentType, opening);
      return;
    case "html":
      answer("text/html", "<!doctype html><title>Welcome</title><p>Please sign in to the network.</p>");
      return;
    case "empty":
      answer("application/json", "");
      return;
    case "empty_object":
      answer("application/json", "{}");
      return;
    case "wrong_types":
      answer(
        "application/json",
        '{"id":1,"model":[],"choices":"none","output":5,"content":7,"candidates":{"a":1},"usage":{"prompt_tokens":"NaN","input_tokens":"NaN"}}',
      );
      return;
    case "endless": {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (!response.destroyed && response.write(ENDLESS_CHUNK));
      };
      response.on("drain", more);
      more();
      return;
    }
    case "not_http":
      response.socket?.end("SSH-2.0-OpenSSH_9.9\r\n");
      return;
    case "redirect":
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end();
      return;
    default:
      fault satisfies never;
  }
}
