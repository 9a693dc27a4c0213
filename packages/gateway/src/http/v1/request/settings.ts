import { unsupported } from "../openai-error.ts";
import type { CallOptions, FunctionTool } from "../sdk-types.ts";

/** A tool in the words of either route. */
export interface AskedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly strict?: boolean | undefined;
}

/** A form of the answer in the words of either route. */
type AskedFormat =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | ({ readonly type: "json_schema" } & AskedSchema);

interface AskedSchema {
  readonly name: string;
  readonly description?: string | undefined;
  readonly schema?: Readonly<Record<string, unknown>> | undefined;
  readonly strict?: boolean | undefined;
}

/** What both routes ask of a model beside its prompt. */
export interface AskedSettings {
  readonly maxOutputTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly stopSequences?: string[] | undefined;
  readonly seed?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly reasoning: CallOptions["reasoning"] | undefined;
  readonly tools: readonly AskedTool[] | undefined;
  readonly toolChoice: CallOptions["toolChoice"] | undefined;
  readonly format: AskedFormat | undefined;
  readonly parallelToolCalls: boolean | undefined;
}

type OpenSchema = FunctionTool["inputSchema"];

/** The options of a call, besides its prompt and signal. */
export function settingsOf(asked: AskedSettings): Omit<CallOptions, "prompt"> {
  const { tools = [], toolChoice, format, parallelToolCalls, ...plain } = asked;
  // Sound: only the entries whose value is undefined are left out.
  const known = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as Omit<
    CallOptions,
    "prompt"
  >;
  const forServices = serviceOptions(parallelToolCalls, format);
  return {
    ...known,
    ...(tools.length === 0 ? {} : { tools: tools.map(toolOf) }),
    ...(toolChoice === undefined || tools.length === 0 ? {} : { toolChoice }),
    ...(format === undefined || format.type === "text" ? {} : { responseFormat: formatOf(format) }),
    ...(forServices === undefined ? {} : { providerOptions: forServices }),
  };
}

/** Refuses a choice of a tool that is not offered. */
export function checkChoice(
  choice: CallOptions["toolChoice"] | undefined,
  tools: readonly AskedTool[] = [],
): void {
  if (choice?.type === "tool" && !tools.some(({ name }) => name === choice.toolName))
    throw unsupported(
      "tool_choice",
      `tool_choice names ${JSON.stringify(choice.toolName)}, which is not in \`tools\`.`,
    );
  if (choice?.type === "required" && tools.length === 0)
    throw unsupported("tool_choice", "tool_choice asks for a tool, and `tools` has none.");
}

function toolOf({ name, description, parameters, strict }: AskedTool): FunctionTool {
  return {
    type: "function",
    name,
    // Sound: a JSON Schema is an object, and it is the model's service that judges it.
    inputSchema: (parameters ?? { type: "object", properties: {} }) as OpenSchema,
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict }),
  };
}

function formatOf(
  format: Exclude<AskedFormat, { type: "text" }>,
): NonNullable<CallOptions["responseFormat"]> {
  if (format.type === "json_object") return { type: "json" };
  const { name, description, schema } = format;
  return {
    type: "json",
    name,
    ...(description === undefined ? {} : { description }),
    ...(schema === undefined ? {} : { schema: schema as OpenSchema }),
  };
}

/** What a call has no place for, in the words of the services that know it; others do not see it. */
function serviceOptions(
  parallelToolCalls: boolean | undefined,
  format: AskedFormat | undefined,
): CallOptions["providerOptions"] {
  const strict = format?.type === "json_schema" ? format.strict : undefined;
  const openai = {
    ...(parallelToolCalls === undefined ? {} : { parallelToolCalls }),
    ...(strict === undefined ? {} : { strictJsonSchema: strict }),
  };
  if (Object.keys(openai).length === 0) return undefined;
  return { openai, ...(parallelToolCalls === false ? { anthropic: { disableParallelToolUse: true } } : {}) };
}
