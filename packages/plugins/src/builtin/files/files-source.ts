import { type Command, isoTime, type ReadOnlyRepo } from "@atlas/core";
import { z } from "zod";
import { defineSource, type SourceContext, type SourcePlugin } from "../../contract/source.ts";
import { externalId, sha256 } from "../external-id.ts";
import { countOption, functionOption, idOption, readOptions, textOption } from "../options.ts";
import { oneLine } from "../plain-text.ts";
import { type FoundFile, readFolder } from "./folder.ts";

/** Options of {@link createFilesSource}. */
export interface FilesSourceOptions {
  /** The folder to read, with its subfolders. Symbolic links and names that begin with a dot are skipped. */
  readonly folder: string;
  /** Default: `files`. Give each folder its own id. */
  readonly id?: string;
  /** The type of the entities. Default: `file`. */
  readonly type?: string;
  /** The extensions of the files to read, in lower case. Default: `.md`, `.markdown` and `.txt`. */
  readonly extensions?: readonly string[];
  /** A larger file is stored with its path and size but without its text. Default: 262,144 (256 KiB); at most 2 MiB. Each text is stored in the database, so a larger limit makes that larger. */
  readonly maxFileBytes?: number;
  /** Returns commands to commit together with the end of a sync that found a change, such as a `job.create`. At most 990. */
  readonly afterwards?: () => readonly Command[];
}

const EXTENSIONS_MUST = "must be a list of extensions such as .md";
const optionsSchema = z.strictObject({
  folder: textOption("must be the path of a folder"),
  id: idOption.default("files"),
  type: textOption("must be a type of entities").default("file"),
  extensions: z
    .array(z.string(EXTENSIONS_MUST).regex(/^\.[^A-Z./\\]+$/, EXTENSIONS_MUST), EXTENSIONS_MUST)
    .readonly()
    .default([".md", ".markdown", ".txt"]),
  maxFileBytes: countOption({ min: 1, max: 2 * 1024 * 1024 }).default(256 * 1024),
  afterwards: functionOption<() => readonly Command[]>().optional(),
});

const UNIT_COMMANDS = 200;
const UNIT_CHARACTERS = 1024 * 1024;
const MAX_TITLE = 300;

/**
 * A source of the texts in a folder: one entity per file, with its path, its text, and its first heading as the title. Changes are
 * detected by content, not by time. The entity of a deleted file becomes a tombstone.
 *
 * @example
 * ```ts
 * const source = createFilesSource({ folder: "notes", extensions: [".md"] });
 * assert.equal(source.id, "files");
 * assert.throws(() => createFilesSource({ folder: "notes", extensions: ["md"] }), /such as .md/);
 * ```
 */
export function createFilesSource(options: FilesSourceOptions): SourcePlugin {
  const { folder, id, type, extensions, maxFileBytes, afterwards } = readOptions(
    "createFilesSource",
    optionsSchema,
    options,
  );

  return defineSource({
    id,
    async check({ signal }) {
      for await (const _ of readFolder({ folder, extensions, maxFileBytes, signal })) return;
    },
    async sync(ctx) {
      const { repo, signal } = ctx;
      const gone = await knownFiles(repo);
      const unit = createUnit(ctx);
      const state: string[] = [];
      for await (const file of readFolder({ folder, extensions, maxFileBytes, signal })) {
        const external_id = externalId(file.path);
        state.push(`${external_id} ${file.fingerprint}`);
        const known = gone.get(external_id);
        gone.delete(external_id);
        if (known?.fingerprint !== file.fingerprint)
          await unit.add({ type: "entity.upsert", entity: toEntity(file, external_id) }, file.text?.length);
      }
      for (const [external_id, { title }] of gone) {
        const deleted_at = isoTime(ctx.clock.now());
        await unit.add({
          type: "entity.upsert",
          entity: { type, source: id, external_id, title, deleted_at },
        });
      }
      await unit.send();
      // The cursor names the state that was read to its end. Only when it changes is there something to do afterwards.
      const cursor = sha256(state.join("\n"));
      if (ctx.cursor !== cursor) await ctx.checkpoint(cursor, afterwards?.() ?? []);
    },
  });

  /** The known files that are not deleted. They are read from the database, so the cursor does not repeat them. */
  async function knownFiles(repo: ReadOnlyRepo): Promise<Map<string, KnownFile>> {
    const known = new Map<string, KnownFile>();
    let cursor: string | undefined;
    do {
      // Pages of a moderate size, because each entity carries its text.
      const page = await repo.listEntities({ type, ...(cursor === undefined ? {} : { cursor }) });
      for (const { source, external_id, title = "", data } of page.items) {
        if (source === id && external_id !== undefined)
          known.set(external_id, { title, fingerprint: data?.["fingerprint"] });
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return known;
  }

  function toEntity({ path, size_bytes, text, fingerprint }: FoundFile, external_id: string) {
    return {
      type,
      source: id,
      external_id,
      title: titleOf(text) || oneLine(path, MAX_TITLE),
      data: { path: path.toWellFormed(), size_bytes, fingerprint, ...(text === undefined ? {} : { text }) },
    };
  }
}

/** What a sync remembers of a file. */
interface KnownFile {
  readonly title: string;
  readonly fingerprint: unknown;
}

/** The first heading of a Markdown text; nothing without one. */
function titleOf(text: string | undefined): string {
  const heading = /^ {0,3}#{1,6}[ \t]+(\S.*)$/m.exec(text?.slice(0, 64 * 1024) ?? "")?.[1] ?? "";
  return oneLine(heading.replace(/[ \t]+#+[ \t]*$/, ""), MAX_TITLE);
}

/** Collects commands into units of a reasonable size and awaits each. */
function createUnit({ commands, signal }: SourceContext) {
  let waiting: Command[] = [];
  let characters = 0;
  const send = async (): Promise<void> => {
    if (waiting.length === 0) return;
    signal.throwIfAborted();
    await commands.enqueueAll(waiting);
    waiting = [];
    characters = 0;
  };
  return {
    send,
    async add(command: Command, sizeCharacters = 0) {
      if (waiting.length >= UNIT_COMMANDS || characters + sizeCharacters > UNIT_CHARACTERS) await send();
      waiting.push(command);
      characters += sizeCharacters;
    },
  };
}
