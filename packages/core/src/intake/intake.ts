import { z } from "zod";
import type { Clock } from "../contract/clock.ts";
import type { AnyCommand, Envelope } from "../contract/command.ts";
import type { AnyCommandDefinition, Preparation } from "../contract/define-command.ts";
import { CoreError, isCoreError, refusalError } from "../contract/errors.ts";
import { fingerprintOf } from "../contract/fingerprint.ts";
import type { NewId } from "../contract/id.ts";
import { canonicalCopy, canonicalJson, isPlainObject, MAX_JSON_DEPTH } from "../contract/json.ts";
import type { StoreModule } from "../contract/module.ts";
import { didYouMean, nearestName } from "../contract/nearest.ts";
import type { Refusal } from "../contract/refusal.ts";
import { createIsoNow } from "../contract/time.ts";
import { readEnvelope } from "./envelope.ts";
import type { QueuedCommand, RefusedNote, UnitContent } from "./unit.ts";

/** The largest command, as UTF-8 bytes of its JSON: 4 MiB. */
export const MAX_COMMAND_BYTES = 4 * 1024 * 1024;
/** The most commands in one unit. */
export const MAX_UNIT_COMMANDS = 1_000;
/** The largest unit, as UTF-8 bytes of its JSON: 8 MiB. */
export const MAX_UNIT_BYTES = 8 * 1024 * 1024;

// A control character is written as \u0001: only what might be too large is measured exactly.
const MAX_BYTES_PER_CHARACTER = 6;

// What a queued command takes in memory, fitted to measured shapes on V8: a test holds it within a factor of them.
const BYTES_PER_CHARACTER = 1.6;
const BYTES_PER_CONTAINER = 72;
const BYTES_PER_COMMAND = 600;

// A JSON column lies at most two levels below a command.
const MAX_COMMAND_DEPTH = MAX_JSON_DEPTH + 2;

/**
 * Checks a completed command, which is frozen, before it is queued. Return the command, a changed copy, or a {@link Refusal}. It
 * must be synchronous and pure. A changed command is validated again; a hook that throws refuses the command.
 */
export type Admit = (command: AnyCommand, envelope: Envelope) => AnyCommand | Refusal;

/** Checks and completes commands before they are queued. */
export interface Intake {
  /** Checks and completes commands and makes them ours; throws a `CoreError` that says what is wrong, and where. */
  accept(commands: readonly unknown[], envelope: Envelope | undefined): UnitContent;
  /** What is kept of a command that was refused with `error`. */
  noteRefusal(command: unknown, envelope: Envelope | undefined, error: CoreError): RefusedNote;
}

interface InstalledCommand {
  readonly type: string;
  readonly definition: AnyCommandDefinition;
  readonly schema: z.ZodType;
}

/** The intake for the commands of these modules. */
export function createIntake(options: {
  readonly modules: readonly StoreModule[];
  readonly clock: Clock;
  readonly newId: NewId;
  readonly admit: readonly Admit[];
}): Intake {
  const { clock, newId, admit } = options;
  const installed = installCommands(options.modules);
  const isoNow = createIsoNow(() => clock.now());

  return {
    accept(commands, envelope) {
      const { command_id, actor, cause, context } = readEnvelope(envelope);
      const preparation: Preparation = { now: isoNow(), newId };
      const asSent: unknown[] = [];
      let size = 0;
      let containers = 0;
      // Copied first: a list may have holes, which map would leave out.
      const queued = [...commands].map((command): QueuedCommand => {
        const known = findCommand(command);
        const sent = check(known, command as AnyCommand);
        if (command_id !== undefined) asSent.push([known.type, sent]);
        const frozen = admitted(
          known,
          freeze(known, complete(known, sent, preparation)),
          preparation,
          envelope,
        );
        size += frozen.size;
        containers += frozen.containers;
        return { type: known.type, definition: known.definition, payload: frozen.copy };
      });
      if (size * MAX_BYTES_PER_CHARACTER > MAX_UNIT_BYTES) {
        const sizeBytes = queued.reduce((sum, { payload }) => sum + textBytes(payload), 0);
        if (sizeBytes > MAX_UNIT_BYTES) throw tooLarge("enqueueAll", "The unit", sizeBytes, MAX_UNIT_BYTES);
      }
      return {
        commands: queued,
        commandId: command_id,
        fingerprint: command_id === undefined ? undefined : fingerprintOfSent(asSent),
        actor,
        cause: cause === undefined ? null : canonicalJson(cause),
        depth: cause?.depth ?? 0,
        context: context === undefined ? null : canonicalJson(context),
        enqueuedAt: preparation.now,
        waitingSince: clock.monotonic(),
        sizeBytes: Math.ceil(
          BYTES_PER_CHARACTER * size + BYTES_PER_CONTAINER * containers + BYTES_PER_COMMAND * queued.length,
        ),
      };
    },
    noteRefusal(command, envelope, error) {
      return {
        type: beginning((command as Partial<AnyCommand> | null | undefined)?.type, 255) ?? "",
        actor: beginning(envelope?.actor, 512) ?? "host",
        code: error.code,
        message: beginning(error.message, 1_000) ?? "",
        // What is no JSON need not be walked again to find that out.
        fingerprint: isCoreError(error.cause, "ATLAS_CORE_JSON_INVALID") ? null : fingerprintOf(command),
        refusedAt: isoNow(),
      };
    },
  };

  function findCommand(command: unknown): InstalledCommand {
    const type = isPlainObject(command) ? command["type"] : undefined;
    if (typeof type !== "string") {
      throw new CoreError(
        "ATLAS_CORE_COMMAND_INVALID",
        { type: "", path: "type" },
        'A command must be an object with a "type", such as { type: "entity.upsert", entity: { … } }.',
      );
    }
    const known = installed.get(type);
    if (known !== undefined) return known;
    const names = [...installed.keys()];
    const nearest = nearestName(type, names);
    throw new CoreError(
      "ATLAS_CORE_COMMAND_UNKNOWN",
      { type: type.slice(0, 255), ...(nearest === undefined ? {} : { nearest }) },
      `There is no command "${type.slice(0, 255)}".${didYouMean(type, names)} Correct the type, or install its module.`,
    );
  }

  function complete(known: InstalledCommand, payload: object, preparation: Preparation): object {
    const { prepare } = known.definition;
    if (prepare === undefined) return payload;
    // The schema of the same definition gave the payload that its prepare takes.
    try {
      return prepare(payload as never, preparation) as object;
    } catch (cause) {
      const message = `The prepare function of "${known.type}" threw, so the command was refused. See the cause; correct the module.`;
      throw new CoreError("ATLAS_CORE_HANDLER_FAILED", { type: known.type }, message, { cause });
    }
  }

  /** Hooks get a frozen command: what they want changed they return, and that is checked like any command. */
  function admitted(
    known: InstalledCommand,
    payload: FrozenPayload,
    preparation: Preparation,
    envelope: Envelope | undefined,
  ): FrozenPayload {
    let current = payload;
    for (const hook of admit) {
      const command: AnyCommand = Object.freeze({ ...current.copy, type: known.type });
      const answer = callAdmit(hook, command, envelope ?? {});
      if (answer === command) continue;
      if (isRefusal(answer)) throw refusalError(answer);
      if (!isPlainObject(answer) || answer["type"] !== known.type) {
        const message = `An admit hook returned neither a command of type "${known.type}" nor a refusal. It may change a command's fields, not its type.`;
        throw new CoreError("ATLAS_CORE_ADMIT_FAILED", { type: known.type }, message);
      }
      current = freeze(known, complete(known, check(known, answer as AnyCommand), preparation));
    }
    return current;
  }
}

function installCommands(modules: readonly StoreModule[]): ReadonlyMap<string, InstalledCommand> {
  const installed = new Map<string, InstalledCommand>();
  for (const module of modules) {
    for (const [type, definition] of Object.entries(module.commands)) {
      installed.set(type, installCommand(type, definition));
    }
  }
  return installed;
}

function installCommand(type: string, definition: AnyCommandDefinition): InstalledCommand {
  let strict: z.ZodType | undefined;
  return {
    type,
    definition,
    // With the first command of its type: a process sends few of the types that are installed.
    get schema() {
      const { schema } = definition;
      strict ??= schema instanceof z.ZodObject ? schema.strict() : schema;
      return strict;
    },
  };
}

function check(known: InstalledCommand, command: AnyCommand): object {
  const { type: _, ...payload } = command;
  const result = known.schema.safeParse(payload);
  if (result.success) return result.data as object;
  const [issue] = result.error.issues;
  throw invalid(known, issue as z.core.$ZodIssue);
}

function invalid(known: InstalledCommand, issue: z.core.$ZodIssue): CoreError {
  const { type } = known;
  if (issue.code === "custom" && typeof issue.params?.["limitBytes"] === "number") {
    return tooLarge(
      type,
      `"${issue.path.join(".")}"`,
      Number(issue.params["sizeBytes"]),
      issue.params["limitBytes"],
    );
  }
  const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...issue.path, ...(unknownKey === undefined ? [] : [unknownKey])].join(".").slice(0, 255);
  const reason =
    unknownKey === undefined
      ? `is not valid: ${issue.message}`
      : `is not a known field.${didYouMean(unknownKey, fieldsAt(known.schema, issue.path))}`;
  return new CoreError("ATLAS_CORE_COMMAND_INVALID", { type, path }, `${type}: "${path}" ${reason}`);
}

function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let current: unknown = schema;
  for (const key of [...path, undefined]) {
    while (current instanceof z.ZodOptional || current instanceof z.ZodNullable) current = current.unwrap();
    if (!(current instanceof z.ZodObject)) return [];
    if (key === undefined) return Object.keys(current.shape);
    current = current.shape[String(key)];
  }
  return [];
}

/** A command id stands for what was sent with it, so that must have a fingerprint. */
function fingerprintOfSent(asSent: readonly unknown[]): string {
  const fingerprint = fingerprintOf(asSent);
  if (fingerprint !== null) return fingerprint;
  throw new CoreError(
    "ATLAS_CORE_COMMAND_INVALID",
    { type: "", path: "envelope.command_id" },
    'A command with a "command_id" must be JSON as it is sent, because a repetition is recognised by its content. Send JSON, or leave the id out.',
  );
}

/** A payload that is ours, with its size. */
type FrozenPayload = ReturnType<typeof canonicalCopy<object>>;

function freeze(known: InstalledCommand, payload: object): FrozenPayload {
  const { type } = known;
  try {
    const { copy, size, containers } = canonicalCopy(payload, { maxDepth: MAX_COMMAND_DEPTH });
    if (size * MAX_BYTES_PER_CHARACTER > MAX_COMMAND_BYTES) {
      const sizeBytes = textBytes(copy);
      if (sizeBytes > MAX_COMMAND_BYTES) throw tooLarge(type, "The command", sizeBytes, MAX_COMMAND_BYTES);
    }
    return { copy, size, containers };
  } catch (error) {
    if (!isCoreError(error, "ATLAS_CORE_JSON_INVALID")) throw error;
    const { path } = error.details;
    throw new CoreError("ATLAS_CORE_COMMAND_INVALID", { type, path }, `${type}: ${error.message}`, {
      cause: error,
    });
  }
}

function textBytes(copy: object): number {
  return Buffer.byteLength(JSON.stringify(copy));
}

function tooLarge(type: string, subject: string, sizeBytes: number, limitBytes: number): CoreError {
  return new CoreError(
    "ATLAS_CORE_COMMAND_TOO_LARGE",
    { type, sizeBytes, limitBytes },
    `${type}: ${subject} is ${sizeBytes} bytes; the limit is ${limitBytes}. Keep large content in a file and store its name.`,
  );
}

function callAdmit(hook: Admit, command: AnyCommand, envelope: Envelope): unknown {
  try {
    return hook(command, envelope);
  } catch (cause) {
    const message = `An admit hook threw for "${command.type}", so the command was refused. See the cause; correct the hook.`;
    throw new CoreError("ATLAS_CORE_ADMIT_FAILED", { type: command.type }, message, { cause });
  }
}

function isRefusal(answer: unknown): answer is Refusal {
  const { refuse, message } = isPlainObject(answer) ? answer : {};
  return typeof refuse === "string" && typeof message === "string";
}

function beginning(value: unknown, length: number): string | undefined {
  return typeof value === "string" ? value.slice(0, length).toWellFormed() : undefined;
}
