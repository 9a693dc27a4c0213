import type { DomainEvent } from "@atlas/core";
import { z } from "zod";
import { defineSink, type SinkPlugin } from "../../contract/sink.ts";
import { functionOption, idOption, readOptions, textsOption } from "../options.ts";

/** What is printed. */
export interface ConsoleSinkOptions {
  /** Default: `console`. */
  readonly id?: string;
  /** Which events, such as `artifact.created` or `job.*`. Default: all. */
  readonly on?: readonly string[];
  /** Takes each line, without its end. Default: standard output. */
  readonly write?: (line: string) => void | Promise<void>;
}

const optionsSchema = z.strictObject({
  id: idOption.default("console"),
  on: textsOption("must be a list of event types such as job.*").optional(),
  write: functionOption<(line: string) => void | Promise<void>>().default(() => print),
});

/**
 * A sink that prints each event on a line: when, what, of which record, and the payload. An event that comes again is printed
 * again.
 *
 * @example
 * ```ts
 * const lines: string[] = [];
 * const sink = createConsoleSink({ on: ["artifact.*"], write: (line) => void lines.push(line) });
 * assert.deepEqual(sink.on, ["artifact.*"]);
 * ```
 */
export function createConsoleSink(options: ConsoleSinkOptions = {}): SinkPlugin {
  const { id, on, write } = readOptions("createConsoleSink", optionsSchema, options);
  return defineSink({
    id,
    ...(on === undefined ? {} : { on }),
    async handle(event) {
      await write(toLine(event));
    },
  });
}

function toLine({ created_at, type, aggregate_id, payload }: DomainEvent): string {
  const text = [created_at, type, aggregate_id ?? "-", JSON.stringify(payload)].join(" ");
  // Ids come from outside: they must not be able to move the cursor, change colours or turn the line around.
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

function print(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
