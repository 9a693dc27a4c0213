import type { Admit } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { defineSink, defineWorkflow, service } from "@atlas/plugins";
import { createFakeModelServer } from "@atlas/testing";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { createGateway, defineExtension, type Gateway, silentLogger } from "../../src/index.ts";
import { notesModule } from "../support/notes-module.ts";

const base = { database: ":memory:", log: silentLogger };
const idle = async (): Promise<void> => undefined;

interface Greeter {
  greet(name: string): string;
}
const greeter = service<Greeter>()("greeter");
const greeting = (word: string) =>
  defineExtension({ name: "greeter", provide: (): Greeter => ({ greet: (name) => `${word} ${name}` }) });
const notes = defineExtension({ name: "notes", module: notesModule });

function stopLater<Opened extends Pick<Gateway, "stop">>(gateway: Opened): Opened {
  onTestFinished(() => gateway.stop());
  return gateway;
}

describe("a gateway's modules", () => {
  it("are installed without an extension, and type its commands and its repo", async () => {
    const gateway = stopLater(await createGateway({ ...base, modules: [notesModule] }));
    await gateway.commands.enqueue({ type: "notes.add", text: "one" });
    expect(await gateway.repo.notes.list()).toEqual(["one"]);
    // @ts-expect-error the command is checked by its schema
    const wrong = gateway.commands.enqueue({ type: "notes.add", text: 1 });
    await expect(wrong).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
    expectTypeOf(gateway).toExtend<Gateway>();
  });

  it("are absent from the types of a gateway that did not install them", async () => {
    const gateway = stopLater(await createGateway(base));
    // @ts-expect-error the module is not installed
    expect(gateway.repo.notes).toBeUndefined();
    // @ts-expect-error the module is not installed
    const sent = gateway.commands.enqueue({ type: "notes.add", text: "one" });
    await expect(sent).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_UNKNOWN" });
    // @ts-expect-error nobody provides it
    expect(gateway.services.greeter).toBeUndefined();
  });

  it("can be used by plugins of every kind", async () => {
    const gateway = stopLater(
      await createGateway({
        ...base,
        extensions: [notes],
        workflows: [
          defineWorkflow({
            id: "write.v1",
            uses: [notesModule],
            async run(ctx) {
              await ctx.commands.enqueue({ type: "notes.add", text: "from a job" });
              const again = await ctx.commands.attempt({ type: "notes.add", text: "from a job" });
              if ("refuse" in again) await ctx.commands.enqueue({ type: "notes.add", text: again.refuse });
            },
          }),
        ],
      }),
    );
    await gateway.start();
    await gateway.jobs.create({ id: "j", workflow_id: "write.v1" });
    expect(await gateway.jobs.wait("j")).toMatchObject({ status: "succeeded" });
    expect(await gateway.repo.notes.list()).toEqual(["NOTES_KNOWN", "from a job"]);
  });
});

describe("services", () => {
  it("are handed to the host and to plugins, typed, those of the host and those of extensions", async () => {
    const gateway = stopLater(
      await createGateway({
        ...base,
        services: { mail: { send: (text: string) => text.length } },
        extensions: [
          greeting("Hello"),
          defineExtension({
            name: "polite",
            needs: [greeter],
            provide: ({ services }) => ({ ask: () => `${services.greeter.greet("Ada")}, please` }),
          }),
        ],
        workflows: [
          defineWorkflow({
            id: "greet.v1",
            needs: [greeter],
            capabilities: ["mail"],
            run: async (ctx) =>
              void ctx.emitArtifact({ type: "greeting", content_md: ctx.services.greeter.greet("Ann") }),
          }),
        ],
      }),
    );
    expectTypeOf(gateway.services.greeter).toEqualTypeOf<Greeter>();
    expectTypeOf(gateway.services.polite.ask).toEqualTypeOf<() => string>();
    expectTypeOf(gateway.services.mail.send).toEqualTypeOf<(text: string) => number>();
    expect(gateway.services.polite.ask()).toBe("Hello Ada, please");
    await gateway.start();
    await gateway.jobs.create({ id: "j", workflow_id: "greet.v1" });
    expect(await gateway.jobs.wait("j")).toMatchObject({ status: "succeeded" });
    const { items } = await gateway.repo.findArtifacts({ type: "greeting" });
    expect(items).toMatchObject([{ content_md: "Hello Ann" }]);
  });
});

describe("hooks and layers", () => {
  it("admits through the extensions in order, then the host, then the check of job inputs", async () => {
    const mark =
      (word: string): Admit =>
      (command) =>
        command.type === "domainEvent.emit"
          ? {
              ...command,
              event: {
                ...(command["event"] as object),
                type: `${(command["event"] as { readonly type: string }).type}.${word}`,
              },
            }
          : command;
    const gateway = stopLater(
      await createGateway({
        ...base,
        extensions: ["one", "two"].map((name) => defineExtension({ name, admit: () => mark(name) })),
        admit: [mark("host")],
      }),
    );
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "said" } });
    const { items } = await gateway.repo.listDomainEvents();
    expect(items.map(({ type }) => type)).toEqual(["said.one.two.host"]);
  });

  it("lets a hook refuse a command of anybody", async () => {
    const guard = defineExtension({
      name: "guard",
      admit: () => (command) =>
        command.type === "entity.upsert" ? { refuse: "GUARD_CLOSED", message: "Closed." } : command,
    });
    const gateway = stopLater(await createGateway({ ...base, extensions: [guard] }));
    const sent = gateway.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
    await expect(sent).rejects.toMatchObject({ code: "GUARD_CLOSED" });
  });

  it("wraps models and agents, the first extension outermost and the host's middleware inside", async () => {
    const asked: string[] = [];
    const layer = (name: string) =>
      defineExtension({
        name,
        llm: () => (next) => ({
          ...next,
          generateText: (options) => next.generateText({ ...options, prompt: `${options.prompt} ${name}` }),
        }),
        harness: () => (next) => ({
          runTask: (task) => next.runTask({ ...task, goal: `${task.goal} ${name}` }),
        }),
      });
    const gateway = stopLater(
      await createGateway({
        ...base,
        extensions: [layer("one"), layer("two")],
        llmMiddleware: [
          (next) => ({
            ...next,
            generateText: (options) => next.generateText({ ...options, prompt: `${options.prompt} host` }),
          }),
        ],
        llm: {
          async generateText({ prompt = "" }) {
            asked.push(String(prompt));
            return { text: "Yes.", provider: "fake" };
          },
        },
        harness: {
          async runTask({ goal }) {
            asked.push(goal);
            return { mode: "propose", summary: "", outputs: [] };
          },
        },
        workflows: [
          defineWorkflow({
            id: "w.v1",
            capabilities: ["harness"],
            async run(ctx) {
              await ctx.llm.generateText({ prompt: "model" });
              await ctx.harness.runTask({ goal: "agent", cwd: "." });
            },
          }),
        ],
      }),
    );
    await gateway.start();
    await gateway.jobs.create({ id: "j", workflow_id: "w.v1" });
    await gateway.jobs.wait("j");
    expect(asked).toEqual(["model one two host", "agent one two"]);
  });

  it("wraps every attempt of a route, the first extension outermost, and says which candidate and model it asks", async () => {
    const server = await createFakeModelServer();
    onTestFinished(() => server.stop());
    server.reply({ status: 503 });
    const own = createMockLLM({ script: ["Ahoy"] });
    const asked: unknown[] = [];
    const layer = (name: string) =>
      defineExtension({
        name,
        around: () => (next, info) => ({
          ...next,
          async generateText(options) {
            asked.push([name, info]);
            const result = await next.generateText({ ...options, prompt: `${options.prompt} ${name}` });
            return { ...result, text: `${result.text} ${name}` };
          },
        }),
      });
    const gateway = stopLater(
      await createGateway({
        ...base,
        env: {},
        extensions: [layer("one"), layer("two")],
        providers: { own },
        routing: {
          llm: {
            profiles: { fast: ["house", "own"] },
            providers: { house: { base_url: server.urls.openai, model: "house-1" } },
            limits: { retries: 0 },
          },
        },
      }),
    );
    const { text } = await gateway.llm.generateText({ prompt: "Hello", profile: "fast" });
    expect(asked).toEqual([
      ["one", { candidate: "house", model: "house-1" }],
      ["two", { candidate: "house", model: "house-1" }],
      ["one", { candidate: "own" }],
      ["two", { candidate: "own" }],
    ]);
    expect(text).toBe("Ahoy two one");
    expect(server.requests).toMatchObject([{ body: { messages: [{ content: "Hello one two" }] } }]);
    expect(own.calls).toMatchObject([{ prompt: "Hello one two" }]);
  });

  it("reports what extensions say of themselves, and those that cannot say it", async () => {
    const gateway = stopLater(
      await createGateway({
        ...base,
        extensions: [
          defineExtension({ name: "well", health: () => ({ status: "ok", rows: 3 }) }),
          defineExtension({
            name: "ill",
            health: () => {
              throw new Error("No pulse.");
            },
          }),
          { name: "odd", health: () => undefined as never },
          { name: "silent" },
        ],
      }),
    );
    expect(gateway.health().extensions).toEqual([
      { name: "well", status: "ok", rows: 3 },
      { name: "ill", status: "failing", error: "No pulse." },
      { name: "odd", status: "failing", error: expect.stringContaining("status") },
    ]);
  });
});

describe("wrong extensions", () => {
  const refused = async (options: object, message: string | RegExp): Promise<void> => {
    // Given by someone whom no compiler stops.
    const failing = createGateway({ ...base, ...options } as never).then((gateway: Gateway) =>
      stopLater(gateway),
    );
    const error = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    if (typeof message === "string") expect(error).toHaveProperty("message", message);
    else expect(error).toHaveProperty("message", expect.stringMatching(message));
  };

  it.each([
    ["an unknown option of the gateway", { sink: [] }, /^createGateway.* "sink".* Did you mean "sinks"\?/],
    [
      "an unknown option of an extension",
      { extensions: [{ name: "x", admits: () => undefined }] },
      /^The extension "x".* "admits".* Did you mean "admit"\?/,
    ],
    [
      "a name twice",
      { extensions: [{ name: "x" }, { name: "x" }] },
      'Two extensions have the name "x". Remove one, or rename it.',
    ],
    [
      "a name that a service of the host has",
      { extensions: [{ name: "x", provide: () => ({}) }], services: { x: 1 } },
      'The extension "x" provides a service that createGateway({ services }) has too. Rename the host\'s.',
    ],
    [
      "a module twice",
      { extensions: [notes], modules: [notesModule] },
      'Two modules have the name "notes". A module is installed once: by createGateway({ modules }) or by one extension.',
    ],
    [
      "a module that is not there",
      { extensions: [{ name: "x", uses: [{ name: "plugin" }] }] },
      'The extension "x" uses the module "plugin", but the gateway does not have it. Did you mean "plugins"? Install it with createGateway({ modules: [plugin] }), or with the extension that brings it.',
    ],
    [
      "a service that is not there",
      { extensions: [{ name: "x", needs: ["greater"] }], services: { greeter: {} } },
      'The extension "x" needs the service "greater", but nobody provides it. Did you mean "greeter"? Pass it as createGateway({ services: { greater } }), or install the extension that provides it.',
    ],
    [
      "a service that comes later",
      {
        extensions: [
          { name: "x", needs: ["y"] },
          { name: "y", provide: () => ({}) },
        ],
      },
      'The extension "x" needs the service "y", which is not there yet when it is made. Put the extension "y" before it in the list.',
    ],
    [
      "a function instead of an extension",
      { extensions: [() => ({ name: "x" })] },
      'createGateway: extensions takes what defineExtension returns; got () => ({ name: "x" }). If it is a function, call it with its options.',
    ],
    [
      "a name that is no name",
      { extensions: [{ name: "Fin Ops" }] },
      'An extension\'s name must have letters and digits and begin with a lower-case letter, such as "finops"; got "Fin Ops".',
    ],
    [
      "a value where a function is wanted",
      { extensions: [{ name: "x", start: {} }] },
      'The extension "x": start must be a function.',
    ],
    [
      "a value where a list is wanted",
      { extensions: [{ name: "x", sinks: {} }] },
      'The extension "x": sinks must be a list.',
    ],
    ["hooks that are none", { admit: [{}] }, "createGateway: admit must be a list of functions."],
  ])("are refused: %s", (_what, options, message) => refused(options, message));

  it.each([
    [
      "a workflow",
      { workflows: [{ id: "w.v1", uses: [notesModule], run: idle }] },
      'The workflow "w.v1" uses the module "notes"',
    ],
    [
      "a source",
      { sources: [{ id: "s", needs: [greeter], sync: idle }] },
      'The source "s" needs the service "greeter"',
    ],
    [
      "a sink of an extension",
      {
        extensions: [{ name: "x", sinks: [defineSink({ id: "s", needs: [greeter], handle: idle })] }],
      },
      'The sink "s" needs the service "greeter"',
    ],
    [
      "a capability",
      { workflows: [{ id: "w.v1", capabilities: ["harnes"], run: idle }] },
      'The workflow "w.v1" asks for the unknown capability "harnes". Did you mean "harness"?',
    ],
  ])("are refused at the start: what %s asks for", async (_what, options, message) => {
    await expect(createGateway({ ...base, ...options } as never)).rejects.toThrow(message);
  });
});
