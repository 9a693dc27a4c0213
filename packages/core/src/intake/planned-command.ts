import { type Change, type NewChangeEvent, type Plan, planOf } from "../contract/change.ts";
import { CoreError } from "../contract/errors.ts";
import { jsonText } from "../contract/json.ts";
import type { QueuedCommand } from "./unit.ts";

/** A command with its handler's plan. */
export interface PlannedCommand {
  readonly command: QueuedCommand;
  readonly plan: Plan;
  /** The payload of each event of the plan, as it is stored. */
  readonly payloads: readonly string[];
}

/** Gets the plan of a command from its handler. Throws `ATLAS_CORE_HANDLER_FAILED` if the handler fails. */
export function planCommand(command: QueuedCommand): PlannedCommand {
  const plan = askForPlan(command);
  return { command, plan, payloads: plan.events.map((event) => payloadText(command, event)) };
}

function askForPlan(command: QueuedCommand): Plan {
  const { type, definition, payload } = command;
  try {
    // The payload was checked by this definition's own schema, and the steps run as they were typed.
    return planOf(definition.apply as (payload: object, change: Change<unknown>) => void, payload);
  } catch (cause) {
    const message = `The handler of "${type}" threw: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new CoreError("ATLAS_CORE_HANDLER_FAILED", { type }, message, { cause });
  }
}

/** Made before the command's first write: events are written for the whole batch, where nothing may fail. */
function payloadText({ type }: QueuedCommand, { type: event, payload = {} }: NewChangeEvent): string {
  let cause: unknown;
  try {
    const text: string | undefined = jsonText(payload);
    if (text !== undefined) return text;
  } catch (error) {
    cause = error;
  }
  const message = `The handler of "${type}" emitted "${event}" with a payload that is not JSON. Correct the handler.`;
  throw new CoreError("ATLAS_CORE_HANDLER_FAILED", { type }, message, { cause });
}
