import { createFakeClock } from "@atlas/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createGateway,
  defineExtension,
  type GatewayOptions,
  isGatewayError,
  silentLogger,
} from "../../src/index.ts";

/** An extension that notes what happens to it. */
function noting(name: string, noted: string[]) {
  return defineExtension({
    name,
    provide: () => {
      noted.push(`provide ${name}`);
      return {};
    },
    admit: () => {
      noted.push(`admit ${name}`);
      return (command) => command;
    },
    llm: () => {
      noted.push(`llm ${name}`);
      return (next) => next;
    },
    async start() {
      noted.push(`start ${name}`);
      return { [Symbol.asyncDispose]: async () => void noted.push(`end ${name}`) };
    },
  });
}

const base: GatewayOptions = { database: ":memory:", log: silentLogger };

describe("the life of extensions", () => {
  it("provides, then makes hooks and layers, then starts in order, and ends in reverse after the runners", async () => {
    const noted: string[] = [];
    const gateway = await createGateway({
      ...base,
      extensions: [noting("one", noted), noting("two", noted)],
      workflows: [{ id: "last.v1", run: async () => void noted.push("job") }],
    });
    const made = ["provide one", "provide two", "admit one", "admit two", "llm one", "llm two"];
    expect(noted).toEqual(made);
    await gateway.jobs.create({ id: "j", workflow_id: "last.v1" });
    await gateway.start();
    await gateway.jobs.wait("j");
    expect(noted).toEqual([...made, "start one", "start two", "job"]);
    await gateway.stop();
    await gateway.stop();
    expect(noted.slice(made.length + 3)).toEqual(["end two", "end one"]);
  });

  it("hands each extension the services of the host and of those before it, not to be changed", async () => {
    const seen: Record<string, readonly string[]> = {};
    const looking = (name: string) =>
      defineExtension({
        name,
        provide: () => ({}),
        start: async ({ services }) => {
          seen[name] = Object.keys(services);
          expect(Object.isFrozen(services)).toBe(true);
          return undefined;
        },
      });
    const services = { mail: {} };
    await using gateway = await createGateway({
      ...base,
      services,
      extensions: [looking("one"), looking("two")],
    });
    await gateway.start();
    expect(seen).toEqual({ one: ["mail"], two: ["mail", "one"] });
    expect(services).toEqual({ mail: {} });
  });

  it("sends an extension's commands under its own name unless it gives another", async () => {
    const sender = defineExtension({
      name: "sender",
      async start({ commands }) {
        const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;
        await commands.enqueue(note("a"));
        await commands.enqueueAll([note("b")], { actor: "user:ada" });
        return undefined;
      },
    });
    await using gateway = await createGateway({ ...base, extensions: [sender] });
    await gateway.start();
    const { items } = await gateway.repo.listJournal();
    const sent = items.filter(({ type }) => type === "entity.upsert");
    expect(sent.map(({ actor }) => actor)).toEqual(["extension:sender", "user:ada"]);
  });

  it("refuses a command whose hook forgets to return it, as core does", async () => {
    const forgetful = defineExtension({ name: "forgetful", admit: () => () => undefined as never });
    await using gateway = await createGateway({ ...base, extensions: [forgetful] });
    const sent = gateway.commands.enqueue({ type: "entity.upsert", entity: { id: "e", type: "note" } });
    await expect(sent).rejects.toMatchObject({ code: "ATLAS_CORE_ADMIT_FAILED" });
  });

  it.each(["provide", "admit", "llm", "around", "harness", "routes"] as const)(
    "names the extension that fails in %s, and closes the database",
    async (during) => {
      const noted: string[] = [];
      const broken = defineExtension({
        name: "broken",
        [during]: () => {
          throw new Error("No key.");
        },
      });
      const failing = createGateway({
        ...base,
        harness: { runTask: async () => ({ mode: "propose", summary: "", outputs: [] }) },
        extensions: [noting("one", noted), broken],
      });
      const error = await failing.catch((thrown: unknown) => thrown);
      expect(isGatewayError(error, "ATLAS_GATEWAY_EXTENSION_FAILED")).toBe(true);
      expect(error).toMatchObject({
        message: `The extension "broken" failed in "${during}": No key. Correct the extension or its options, or remove it.`,
        details: { extension: "broken", during },
        cause: new Error("No key."),
      });
      expect(noted).not.toContain("start one");
    },
  );

  it.each([
    ["provide", () => 1, "provide must return an object: the service."],
    [
      "provide",
      async () => ({}),
      "provide must return the service itself, not a promise of it. Connect in start.",
    ],
    ["admit", () => ({}), "admit must return a function."],
    ["llm", () => undefined, "llm must return a function."],
  ])("refuses what %s must not return", async (during, make, message) => {
    const wrong = { name: "wrong", [during]: make } as never;
    await expect(createGateway({ ...base, extensions: [wrong] })).rejects.toThrow(message);
  });

  it("ends those before an extension whose start fails, starts nothing after it, and can still be stopped", async () => {
    const noted: string[] = [];
    const broken = defineExtension({
      name: "broken",
      start: async () => {
        throw new Error("Port taken");
      },
    });
    const gateway = await createGateway({
      ...base,
      extensions: [noting("one", noted), noting("two", noted), broken, noting("three", noted)],
      workflows: [{ id: "never.v1", run: async () => void noted.push("job") }],
    });
    await gateway.jobs.create({ id: "j", workflow_id: "never.v1" });
    await expect(gateway.start()).rejects.toMatchObject({
      code: "ATLAS_GATEWAY_EXTENSION_FAILED",
      details: { extension: "broken", during: "start" },
    });
    expect(noted.slice(-4)).toEqual(["start one", "start two", "end two", "end one"]);
    expect(await gateway.jobs.get("j")).toMatchObject({ status: "queued" });
    await gateway.stop();
    expect(noted.filter((what) => what.startsWith("end"))).toEqual(["end two", "end one"]);
  });

  it("ends all extensions and delivers nothing when a runner cannot start", async () => {
    const noted: string[] = [];
    const gateway = await createGateway({
      ...base,
      extensions: [noting("one", noted), noting("two", noted)],
      sinks: [{ id: "noting", handle: async ({ type }) => void noted.push(type) }],
      workflows: [{ id: "never.v1", run: async () => void noted.push("job") }],
      // The job runner sends this command as it starts, after delivery has begun: a job was left running.
      admit: [
        (command) =>
          command.type === "plugins.job.recover" ? { refuse: "HOST_CLOSED", message: "Closed." } : command,
      ],
    });
    await gateway.commands.enqueue({ type: "job.create", job: { id: "left", workflow_id: "never.v1" } });
    await gateway.commands.enqueue({ type: "job.updateStatus", id: "left", status: "running" });
    await expect(gateway.start()).rejects.toMatchObject({ code: "HOST_CLOSED" });
    await expect(gateway.start()).rejects.toMatchObject({ code: "HOST_CLOSED" });
    const ended = ["start one", "start two", "end two", "end one"];
    expect(noted.filter((what) => /^(start|end) /.test(what)).slice(-4)).toEqual(ended);
    const before = [...noted];
    // Commands are still taken. Runners that had been left running would act on them during these commits.
    for (let index = 0; index < 20; index += 1)
      await gateway.jobs.create({ id: `j${index}`, workflow_id: "never.v1" });
    await gateway.stop();
    expect(noted).toEqual(before);
  });

  it("refuses a start that returns something that cannot be disposed", async () => {
    const odd = { name: "odd", start: async () => ({ close: () => undefined }) } as never;
    const gateway = await createGateway({ ...base, extensions: [odd] });
    onTestFinished(() => gateway.stop());
    await expect(gateway.start()).rejects.toThrow("[Symbol.asyncDispose]");
  });

  it("stops although an extension hangs in start, and disposes what it returns too late", async () => {
    const clock = createFakeClock();
    const late = Promise.withResolvers<AsyncDisposable>();
    const disposed = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<AbortSignal>();
    const hanging = defineExtension({
      name: "hanging",
      start({ signal }) {
        reached.resolve(signal);
        return late.promise;
      },
    });
    const gateway = await createGateway({ ...base, clock, graceMs: 1_000, extensions: [hanging] });
    const started = gateway.start();
    const failed = expect(started).rejects.toMatchObject({
      details: { extension: "hanging", during: "start" },
    });
    const signal = await reached.promise;
    expect(signal.aborted).toBe(false);
    const stopped = gateway.stop();
    expect(signal.aborted).toBe(true);
    clock.advance(1_000);
    await failed;
    await stopped;
    late.resolve({ [Symbol.asyncDispose]: async () => disposed.resolve() });
    await disposed.promise;
  });

  it("stops although an extension hangs or fails while it is disposed, and disposes the others", async () => {
    const clock = createFakeClock();
    const noted: string[] = [];
    const errors: string[] = [];
    const reached = Promise.withResolvers<void>();
    const hanging = defineExtension({
      name: "hanging",
      start: async () => ({
        [Symbol.asyncDispose]() {
          reached.resolve();
          return new Promise<void>(() => undefined);
        },
      }),
    });
    const failing = defineExtension({
      name: "failing",
      start: async () => ({ [Symbol.asyncDispose]: () => Promise.reject(new Error("No.")) }),
    });
    const gateway = await createGateway({
      ...base,
      clock,
      graceMs: 1_000,
      log: { ...silentLogger, error: (_fields, message) => void errors.push(String(message)) },
      extensions: [noting("one", noted), failing, hanging],
    });
    await gateway.start();
    const stopped = gateway.stop();
    await reached.promise;
    clock.advance(1_000);
    await stopped;
    expect(noted.at(-1)).toBe("end one");
    expect(errors).toEqual([
      // A third of what stop() leaves to extensions.
      'The extension "hanging" did not end within 313 ms.',
      'The extension "failing" failed while it was stopped.',
    ]);
  });

  it("ends nothing that was never started", async () => {
    const noted: string[] = [];
    const gateway = await createGateway({ ...base, extensions: [noting("one", noted)] });
    await gateway.stop();
    expect(noted).not.toContain("end one");
    await expect(gateway.start()).rejects.toMatchObject({ details: { extension: "one" } });
    expect(noted).not.toContain("start one");
  });

  it("lets an extension send commands and read until its end", async () => {
    const sent: string[] = [];
    const busy = defineExtension({
      name: "busy",
      async start({ commands, repo }) {
        await commands.enqueue({ type: "entity.upsert", entity: { id: "e", type: "note", title: "Begun" } });
        return {
          async [Symbol.asyncDispose]() {
            await commands.enqueue({
              type: "entity.upsert",
              entity: { id: "e", type: "note", title: "Ended" },
            });
            const { items } = await repo.listJournal({ limit: 100 });
            sent.push(...items.filter(({ type }) => type === "entity.upsert").map(({ actor }) => actor));
          },
        };
      },
    });
    const gateway = await createGateway({ ...base, extensions: [busy] });
    await gateway.start();
    await gateway.stop();
    expect(sent).toEqual(["extension:busy", "extension:busy"]);
  });

  it("refuses commands and models while the gateway is being made", async () => {
    const refused: unknown[] = [];
    const hasty = defineExtension({
      name: "hasty",
      provide(services) {
        const { commands } = services;
        void commands
          .enqueue({ type: "entity.upsert", entity: { type: "note" } })
          .catch((error) => refused.push(error));
        void commands.enqueueAll([]);
        expect(() => services.llm).toThrow("while the gateway was being made");
        expect(() => services.jobs).toThrow("while the gateway was being made");
        return {};
      },
    });
    const gateway = await createGateway({ ...base, extensions: [hasty] });
    onTestFinished(() => gateway.stop());
    expect(refused).toMatchObject([{ message: expect.stringContaining("Use them in start") }]);
    expect((await gateway.repo.listJournal()).items).toEqual([]);
  });
});
