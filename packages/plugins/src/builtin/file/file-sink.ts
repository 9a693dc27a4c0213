import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "@atlas/core";
import { z } from "zod";
import { PluginError } from "../../contract/errors.ts";
import { defineSink, type SinkPlugin } from "../../contract/sink.ts";
import { sha256 } from "../external-id.ts";
import { functionOption, idOption, readOptions, textOption, textsOption } from "../options.ts";

/** Where artifacts are written. */
export interface FileSinkOptions {
  /** The folder; it is made when missing. */
  readonly folder: string;
  /** Default: `file`. */
  readonly id?: string;
  /** Types of the artifacts that are written. Default: all. */
  readonly types?: readonly string[];
  /**
   * A file's name, always the same for the same artifact, such as `report.md`; no folder. Default: type and id, with a dash
   * for what a file name cannot hold.
   */
  readonly fileName?: (artifact: Artifact) => string;
}

const optionsSchema = z.strictObject({
  folder: textOption("must be the path of a folder"),
  id: idOption.default("file"),
  types: textsOption("must be a list of artifact types").optional(),
  fileName: functionOption<(artifact: Artifact) => string>().default(() => defaultName),
});

const MAX_NAME_BYTES = 200;
const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}\p{M} ._-]*[\p{L}\p{N}\p{M}_-])?$/u;
// Windows opens a device of that name, whatever the extension.
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * A sink that writes each artifact to a Markdown file of its own. A file is there as a whole or not at all; an event that
 * comes again leaves the same file.
 *
 * @example
 * ```ts
 * const sink = createFileSink({ folder: "reports", types: ["digest.output.v1"] });
 * assert.equal(sink.id, "file");
 * ```
 */
export function createFileSink(options: FileSinkOptions): SinkPlugin {
  const { folder, id, types, fileName } = readOptions("createFileSink", optionsSchema, options);
  // One at a time: a slow write of what an artifact was must not come after a fast one of what it is.
  let last: Promise<unknown> = Promise.resolve();

  return defineSink({
    id,
    on: ["artifact.created", "artifact.updated"],
    async handle(event, ctx) {
      if (event.type !== "artifact.created" && event.type !== "artifact.updated") return;
      const writing = last.then(async () => {
        ctx.signal.throwIfAborted();
        const artifact = await ctx.repo.getArtifact(event.aggregate_id ?? "");
        // It may have been pruned meanwhile.
        if (artifact === undefined || types?.includes(artifact.type) === false) return;
        await replaceFile(folder, checkedName(fileName(artifact), artifact), contentOf(artifact));
      });
      last = writing.catch(() => undefined);
      await writing;
    },
  });
}

function defaultName({ type, id }: Artifact): string {
  const wanted = `${type}-${id}`;
  const safe = wanted.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "");
  // Two artifacts whose names differ only in what was replaced still get two files.
  return `${safe.slice(0, 120)}-${sha256(wanted).slice(0, 8)}.md`;
}

function checkedName(name: string, { id }: Artifact): string {
  const isGood =
    typeof name === "string" &&
    NAME.test(name) &&
    !DEVICE.test(name) &&
    Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (isGood) return name;
  throw new PluginError(
    "ATLAS_PLUGINS_FILE_NAME_INVALID",
    { artifact: id },
    `${JSON.stringify(name)} is no file name for the artifact "${id}": it takes letters, digits, spaces and ._- , no folder, at most ${MAX_NAME_BYTES} bytes.`,
  );
}

function contentOf({ content_md, title, data }: Artifact): string {
  if (content_md !== undefined) return content_md;
  const heading = title === undefined ? [] : [`# ${title}`];
  const block = `\`\`\`json\n${JSON.stringify(data ?? {}, null, 2)}\n\`\`\`\n`;
  return [...heading, block].join("\n\n");
}

/** Writes beside the file and renames: a reader sees the old content or the new. */
async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const path = join(folder, name);
  if ((await readFile(path, "utf8").catch(() => undefined)) === content) return;
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `.${name}.draft`);
  // What a killed process left there goes first, for "wx" writes through no link and over no file.
  await rm(draft, { force: true });
  const handle = await open(draft, "wx");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}
