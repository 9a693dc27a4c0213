import { invalid, unsupported } from "../openai-error.ts";
import type { AssistantPart, CallOptions, PromptMessage, ToolOutput, UserPart } from "../sdk-types.ts";
import { checkFields } from "./known-fields.ts";
import { mediaPart, uploadedFile } from "./media.ts";
import {
  type ResponsesContent,
  type ResponsesItem,
  type ResponsesRequest,
  responsesFields,
} from "./responses-request.ts";
import { type AskedTool, checkChoice, settingsOf } from "./settings.ts";
import { type CalledTools, createCalledTools } from "./tool-calls.ts";

/** Translates a request for a response. Throws an `OpenAIError` that names the field which cannot be carried. */
export function responsesCallOf(request: ResponsesRequest): CallOptions {
  checkFields(request, responsesFields);
  const tools = request.tools?.map(toolOf);
  const toolChoice = choiceOf(request.tool_choice);
  checkChoice(toolChoice, tools);
  const { instructions } = request;
  return {
    prompt: [
      ...(instructions === undefined ? [] : [{ role: "system" as const, content: instructions }]),
      ...promptOf(request.input),
    ],
    ...settingsOf({
      maxOutputTokens: request.max_output_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      reasoning: request.reasoning?.effort,
      tools,
      toolChoice,
      parallelToolCalls: request.parallel_tool_calls,
      format: request.text?.format,
    }),
  };
}

function promptOf(input: ResponsesRequest["input"]): CallOptions["prompt"] {
  if (typeof input === "string") return [{ role: "user", content: [{ type: "text", text: input }] }];
  const tools = createCalledTools();
  const prompt: CallOptions["prompt"] = [];
  input.forEach((item, index) => {
    const next = messageOf(item, `input[${index}]`, tools);
    if (next === undefined) return;
    const last = prompt.at(-1);
    // What the model said and called in one turn are items of their own here, and one message there.
    if (next.role === "assistant" && last?.role === "assistant") last.content.push(...next.content);
    else if (next.role === "tool" && last?.role === "tool") last.content.push(...next.content);
    else prompt.push(next);
  });
  return prompt;
}

function messageOf(item: ResponsesItem, at: string, tools: CalledTools): PromptMessage | undefined {
  switch (item.type) {
    // Services sign their reasoning, and take back only their own.
    case "reasoning":
      return undefined;
    case "function_call": {
      const { call_id: toolCallId, name: toolName, arguments: text } = item;
      const input = tools.called({ id: toolCallId, name: toolName, input: text, at: `${at}.arguments` });
      return { role: "assistant", content: [{ type: "tool-call", toolCallId, toolName, input }] };
    }
    case "function_call_output": {
      const { call_id: toolCallId } = item;
      const toolName = tools.nameOf(toolCallId, `${at}.call_id`);
      const output = outputOf(item.output, `${at}.output`);
      return { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] };
    }
    default:
      return messageOfRole(item, `${at}.content`);
  }
}

function messageOfRole(
  {
    role,
    content,
  }: { readonly role: "system" | "developer" | "user" | "assistant"; readonly content: ResponsesContent },
  at: string,
): PromptMessage {
  const parts = partsOf(content, at);
  if (role === "user") return { role, content: parts };
  const texts = parts.map((part, index) => {
    if (part.type === "text") return part;
    throw invalid(
      `${at}[${index}]`,
      `${at}[${index}] is a file in a message of the role "${role}". Send it in one of the user.`,
    );
  });
  if (role === "assistant") return { role, content: texts satisfies AssistantPart[] };
  return { role: "system", content: texts.map(({ text }) => text).join("") };
}

function partsOf(content: ResponsesContent, at: string): UserPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part, index): UserPart => {
    const here = `${at}[${index}]`;
    switch (part.type) {
      case "input_text":
      case "output_text":
        return { type: "text", text: part.text };
      case "refusal":
        return { type: "text", text: part.refusal };
      case "input_image":
        if (part.image_url === undefined) throw uploadedFile(`${here}.file_id`);
        return mediaPart(part.image_url, { at: `${here}.image_url`, mediaType: "image/*" });
      case "input_file": {
        const { file_data, file_url, filename } = part;
        if (file_data === undefined && file_url === undefined) throw uploadedFile(`${here}.file_id`);
        const field = file_data === undefined ? "file_url" : "file_data";
        return mediaPart(file_data ?? file_url ?? "", {
          at: `${here}.${field}`,
          mediaType: "application/pdf",
          filename,
        });
      }
      default:
        return part satisfies never;
    }
  });
}

function outputOf(output: ResponsesContent, at: string): ToolOutput {
  if (typeof output === "string") return { type: "text", value: output };
  return { type: "content", value: partsOf(output, at) };
}

function toolOf(
  { type, name, ...rest }: NonNullable<ResponsesRequest["tools"]>[number],
  index: number,
): AskedTool {
  const at = `tools[${index}]`;
  if (type !== "function")
    throw unsupported(`${at}.type`, `${at} is of type ${JSON.stringify(type)}; only functions are carried.`);
  if (name === undefined) throw invalid(`${at}.name`, `${at} lacks its name.`);
  return { name, ...rest };
}

function choiceOf(choice: ResponsesRequest["tool_choice"]): CallOptions["toolChoice"] | undefined {
  if (choice === undefined) return undefined;
  return typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.name };
}
