import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "@atlas/core";
import { z } from "zod";
import { PluginError } from "../../contract/errors.ts";
import { defineSink, type SinkPlugin } from "../../contract/sink.ts";
import { sha256 } from "../external-id.ts";
import { functionOption, idOption, readOptions, textOption, textsOption } from "../options.ts";

/** Options of {@link createFileSink}. */
export interface FileSinkOptions {
  /** The folder to write to. It is created when it does not exist. */
  readonly folder: string;
  /** Default: `file`. */
  readonly id?: string;
  /** The types of artifacts to write. Default: all. */
  readonly types?: readonly string[];
  /**
   * The name of an artifact's file, such as `report.md`, without a folder. Return the same name for the same artifact, or each update
   * leaves another file. Default: type and id, with dashes for characters that a file name cannot have.
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
 * A sink that writes each artifact to its own Markdown file. A reader sees a complete file or none, and an event that is delivered
 * twice leaves the same file.
 * The file of an artifact that is deleted stays.
 *
 * @example
 * ```ts
 * const sink = createFileSink({ folder: "reports", types: ["digest.output.v1"] });
 * assert.equal(sink.id, "file");
 * ```
 */
export function createFileSink(options: FileSinkOptions): SinkPlugin {
  const { folder, id, types, fileName } = readOptions("createFileSink", optionsSchema, options);
  // One at a time: a slow write of an old version must not replace a newer one.
  let last: Promise<unknown> = Promise.resolve();

  return defineSink({
    id,
    on: ["artifact.created", "artifact.updated"],
    async handle(event, ctx) {
      if (event.type !== "artifact.created" && event.type !== "artifact.updated") return;
      const writing = last.then(async () => {
        ctx.signal.throwIfAborted();
        const artifact = await ctx.repo.getArtifact(event.aggregate_id);
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
  // Artifacts whose names differ only in replaced characters get different files.
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
    `fileName returned ${JSON.stringify(name)} for the artifact "${id}". A file name may have letters, digits, spaces and ._- , at most ${MAX_NAME_BYTES} bytes, and no folder.`,
  );
}

function contentOf({ content_md, title, data }: Artifact): string {
  if (content_md !== undefined) return content_md;
  const heading = title === undefined ? [] : [`# ${title}`];
  const block = `\`\`\`json\n${JSON.stringify(data ?? {}, null, 2)}\n\`\`\`\n`;
  return [...heading, block].join("\n\n");
}

/** Writes to a temporary file and renames it, so that a reader sees the old content or the new. */
async function replaceFile(folder: string, name: string, content: string): Promise<void> {
  const path = join(folder, name);
  if ((await readFile(path, "utf8").catch(() => undefined)) === content) return;
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `.${name}.draft`);
  // A killed process may have left one. It is removed first, because "wx" refuses an existing file or link.
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
