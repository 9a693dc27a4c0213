import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { NewArtifact } from "@atlas/core";
import { describe, expect, it } from "vitest";
import { createFileSink, type FileSinkOptions } from "../../src/builtin/file/index.ts";
import { eventOf, openContext } from "./support/open-context.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

async function writing(options: Partial<FileSinkOptions> = {}) {
  const { commands, sinkContext } = await openContext();
  const folder = join(temporaryFolder(), "out", "reports");
  const sink = createFileSink({ folder, ...options });
  const create = (artifact: Partial<NewArtifact>) =>
    commands.enqueue({
      type: "artifact.create",
      artifact: {
        id: "a1",
        type: "digest",
        ...(artifact.data ? {} : { content_md: "# One\n" }),
        ...artifact,
      },
    });
  const deliver = (id = "a1", type = "artifact.created") => sink.handle(eventOf(type, id), sinkContext());
  const files = () => (existsSync(folder) ? readdirSync(folder).sort() : []);
  return { folder, create, deliver, files, commands };
}

describe("the file sink", () => {
  it("writes an artifact, writes it anew when it changes, and leaves it alone when it comes again", async () => {
    const { folder, create, deliver, files, commands } = await writing();
    await create({});
    await deliver();
    const [file = ""] = files();
    expect(file).toMatch(/^digest-a1-[0-9a-f]{8}\.md$/);
    expect(readFileSync(join(folder, file), "utf8")).toBe("# One\n");
    const { ino } = statSync(join(folder, file));
    await deliver();
    expect(statSync(join(folder, file)).ino).toBe(ino);
    await commands.enqueue({ type: "artifact.update", id: "a1", patch: { content_md: "# Two\n" } });
    await deliver("a1", "artifact.updated");
    expect(readFileSync(join(folder, file), "utf8")).toBe("# Two\n");
    expect(files()).toEqual([file]);
  });

  it("writes the latest state, however deliveries overtake each other", async () => {
    const { folder, create, deliver, files, commands } = await writing();
    await create({});
    const deliveries = [];
    for (let round = 0; round < 20; round += 1) {
      await commands.enqueue({ type: "artifact.update", id: "a1", patch: { content_md: `# ${round}` } });
      deliveries.push(deliver("a1", "artifact.updated"));
    }
    await Promise.all(deliveries);
    expect(readFileSync(join(folder, files()[0] ?? ""), "utf8")).toBe("# 19");
    expect(files()).toHaveLength(1);
  });

  it("passes over other events, other types, and what has been pruned", async () => {
    const { create, deliver, files } = await writing({ types: ["digest"] });
    await create({ id: "n1", type: "note" });
    await deliver("n1");
    await deliver("pruned");
    await deliver("n1", "job.created");
    expect(files()).toEqual([]);
  });

  it("writes the data of an artifact without a text", async () => {
    const { folder, create, deliver, files } = await writing();
    await create({ title: "Figures", data: { a: 1 } });
    await deliver();
    expect(readFileSync(join(folder, files()[0] ?? ""), "utf8")).toBe(
      '# Figures\n\n```json\n{\n  "a": 1\n}\n```\n',
    );
  });

  it("gives every artifact a file of its own within the folder, whatever its id", async () => {
    const { folder, create, deliver, files } = await writing();
    const ids = [
      "../../escape",
      "/etc/passwd",
      "a/b",
      "a:b",
      "a b",
      "ä",
      "x".repeat(255),
      "CON",
      "-rf",
      "..",
      "\u0000",
    ];
    for (const id of ids) {
      await create({ id });
      await deliver(id);
    }
    expect(files()).toHaveLength(ids.length);
    expect(readdirSync(join(folder, "..")).sort()).toEqual(["reports"]);
    expect(files().every((name) => /^digest-[\w.-]+\.md$/.test(name))).toBe(true);
  });

  it.each([
    "../x.md",
    "a/b.md",
    "/x.md",
    "",
    ".",
    "..",
    ".hidden",
    "CON.md",
    "nul",
    "x.",
    "x ",
    "a\\b",
    "a\u0000b",
    "x".repeat(201),
  ])("refuses the file name %j, for good", async (name) => {
    const { create, deliver, files } = await writing({ fileName: () => name });
    await create({});
    await expect(deliver()).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_FILE_NAME_INVALID",
      retryable: false,
      details: { artifact: "a1" },
    });
    expect(files()).toEqual([]);
  });

  it("writes through no link that lies in its place, and over what a killed run left", async () => {
    const { folder, create, deliver } = await writing({ fileName: () => "report ü.md" });
    const outside = join(temporaryFolder(), "precious");
    writeFileSync(outside, "precious");
    mkdirSync(folder, { recursive: true });
    symlinkSync(outside, join(folder, "report ü.md"));
    symlinkSync(outside, join(folder, ".report ü.md.draft"));
    await create({});
    await deliver();
    expect(readFileSync(outside, "utf8")).toBe("precious");
    expect(readFileSync(join(folder, "report ü.md"), "utf8")).toBe("# One\n");
    expect(readdirSync(folder)).toEqual(["report ü.md"]);
  });

  it("fails, and can go on, when the folder cannot be made", async () => {
    const { folder, create, deliver, files } = await writing();
    mkdirSync(join(folder, "..", ".."), { recursive: true });
    writeFileSync(join(folder, ".."), "in the way");
    await create({});
    await expect(deliver()).rejects.toThrow();
    rmSync(join(folder, ".."));
    await deliver();
    expect(files()).toHaveLength(1);
  });

  it("checks its options at the door", () => {
    const wrong = { folder: "x", filename: () => "y" };
    expect(() => createFileSink(wrong)).toThrow(
      'createFileSink has no option "filename". Did you mean "fileName"?',
    );
    expect(() => createFileSink({ folder: "" })).toThrow(TypeError);
  });
});
