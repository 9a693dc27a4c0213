import { invalid, unsupported } from "../openai-error.ts";
import type { AssistantPart, CallOptions, PromptMessage, UserPart } from "../sdk-types.ts";
import { type ChatMessage, type ChatRequest, chatFields } from "./chat-request.ts";
import { checkFields } from "./known-fields.ts";
import { mediaPart, uploadedFile } from "./media.ts";
import { type AskedTool, checkChoice, settingsOf } from "./settings.ts";
import { type CalledTools, createCalledTools } from "./tool-calls.ts";

/** Translates a request for a chat completion. Throws an `OpenAIError` that names the field which cannot be carried. */
export function chatCallOf(request: ChatRequest): CallOptions {
  checkFields(request, chatFields);
  const tools = request.tools?.map(toolOf);
  const toolChoice = choiceOf(request.tool_choice);
  checkChoice(toolChoice, tools);
  const { stop } = request;
  return {
    prompt: promptOf(request.messages),
    ...settingsOf({
      maxOutputTokens: request.max_completion_tokens ?? request.max_tokens,
      temperature: request.temperature,
      topP: request.top_p,
      stopSequences: stop === undefined ? undefined : [stop].flat(),
      seed: request.seed,
      presencePenalty: request.presence_penalty,
      frequencyPenalty: request.frequency_penalty,
      reasoning: request.reasoning_effort,
      tools,
      toolChoice,
      parallelToolCalls: request.parallel_tool_calls,
      format: formatOf(request.response_format),
    }),
  };
}

function promptOf(messages: readonly ChatMessage[]): CallOptions["prompt"] {
  const tools = createCalledTools();
  const prompt: CallOptions["prompt"] = [];
  messages.forEach((message, index) => {
    const next = messageOf(message, `messages[${index}]`, tools);
    const last = prompt.at(-1);
    // The results of calls that were made together are one message.
    if (next.role === "tool" && last?.role === "tool") last.content.push(...next.content);
    else prompt.push(next);
  });
  return prompt;
}

function messageOf(message: ChatMessage, at: string, tools: CalledTools): PromptMessage {
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: textOf(message.content) };
    case "user":
      return { role: "user", content: userParts(message.content, `${at}.content`) };
    case "assistant":
      return { role: "assistant", content: assistantParts(message, at, tools) };
    case "tool": {
      const { tool_call_id: toolCallId, content } = message;
      const toolName = tools.nameOf(toolCallId, `${at}.tool_call_id`);
      const output = { type: "text" as const, value: textOf(content) };
      return { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] };
    }
    default:
      return message satisfies never;
  }
}

function textOf(content: string | readonly { readonly text: string }[]): string {
  return typeof content === "string" ? content : content.map(({ text }) => text).join("");
}

function userParts(content: Extract<ChatMessage, { role: "user" }>["content"], at: string): UserPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part, index): UserPart => {
    const here = `${at}[${index}]`;
    switch (part.type) {
      case "text":
        return { type: "text", text: part.text };
      case "image_url": {
        const { url, detail } = part.image_url;
        const image = mediaPart(url, { at: `${here}.image_url.url`, mediaType: "image/*" });
        return detail === undefined || detail === "auto"
          ? image
          : { ...image, providerOptions: { openai: { imageDetail: detail } } };
      }
      case "file": {
        const { file_data, filename } = part.file;
        if (file_data === undefined) throw uploadedFile(`${here}.file`);
        return mediaPart(file_data, { at: `${here}.file.file_data`, mediaType: "application/pdf", filename });
      }
      case "input_audio":
        throw unsupported(
          `${here}.input_audio`,
          "Audio is not carried. Transcribe it first, and send the text.",
        );
      default:
        return part satisfies never;
    }
  });
}

function assistantParts(
  { content = [], refusal, tool_calls = [] }: Extract<ChatMessage, { role: "assistant" }>,
  at: string,
  tools: CalledTools,
): AssistantPart[] {
  const said =
    typeof content === "string"
      ? [content]
      : content.map((part) => (part.type === "text" ? part.text : part.refusal));
  const texts = [...said, ...(refusal === undefined ? [] : [refusal])].filter((text) => text !== "");
  const calls = tool_calls.map((call, index): AssistantPart => {
    const { id, type = "function" } = call;
    const here = `${at}.tool_calls[${index}]`;
    if (type !== "function")
      throw unsupported(
        `${here}.type`,
        `${here} is of type ${JSON.stringify(type)}; only functions are carried.`,
      );
    const { name, arguments: input } = call.function;
    const value = tools.called({ id, name, input, at: `${here}.function.arguments` });
    return { type: "tool-call", toolCallId: id, toolName: name, input: value };
  });
  return [...texts.map((text): AssistantPart => ({ type: "text", text })), ...calls];
}

function toolOf(
  { type, function: asked }: NonNullable<ChatRequest["tools"]>[number],
  index: number,
): AskedTool {
  const at = `tools[${index}]`;
  if (type !== "function")
    throw unsupported(`${at}.type`, `${at} is of type ${JSON.stringify(type)}; only functions are carried.`);
  if (asked === undefined) throw invalid(`${at}.function`, `${at} lacks its function.`);
  return asked;
}

function choiceOf(choice: ChatRequest["tool_choice"]): CallOptions["toolChoice"] | undefined {
  if (choice === undefined) return undefined;
  return typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.function.name };
}

function formatOf(format: ChatRequest["response_format"]) {
  return format?.type === "json_schema" ? { type: format.type, ...format.json_schema } : format;
}
