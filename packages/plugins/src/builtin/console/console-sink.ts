import type { DomainEvent } from "@atlas/core";
import { z } from "zod";
import type { EventFilter } from "../../contract/event-filter.ts";
import { defineSink, type SinkPlugin } from "../../contract/sink.ts";
import { functionOption, idOption, onOption, readOptions } from "../options.ts";

/** Options of {@link createConsoleSink}. */
export interface ConsoleSinkOptions {
  /** Default: `console`. */
  readonly id?: string;
  /** The events to print, as in `SinkPlugin.on`. Default: all. */
  readonly on?: readonly (string | EventFilter)[];
  /** Writes one line, given without its line break. Default: to standard output. */
  readonly write?: (line: string) => void | Promise<void>;
}

const optionsSchema = z.strictObject({
  id: idOption.default("console"),
  on: onOption.optional(),
  write: functionOption<(line: string) => void | Promise<void>>().default(() => print),
});

/**
 * A sink that prints each event on one line: time, type, aggregate id and payload. An event that is delivered twice is printed twice.
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
  // Ids come from outside. They must not move the cursor, change colours or reverse the line.
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

function print(line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
