import type { CandidateFailure } from "@atlas/routing";
import { UNSUPPORTED } from "../ai-sdk/failures/to-llm-error.ts";
import type { LLMError } from "../contract/errors.ts";

// What services say, from their documentation. No two of them use the same code, and some use none.
const contextWindow = [
  /context[_ ](?:length|window)/i, // OpenAI, Azure, Mistral, OpenRouter, xAI, Groq, vLLM
  /maximum context|available context size|context size/i, // OpenRouter, llama.cpp, LM Studio
  /prompt is too long|prompt length/i, // Anthropic, xAI
  /input is too long|input token count|too many (?:input )?tokens/i, // Bedrock, Google
  /maximum number of tokens allowed/i, // Google
  /reduce the length of the messages/i, // Groq, OpenAI
];
const contentFilter = [
  /content[-_ ]?(?:filter|policy|management policy)/i, // OpenAI, Azure
  /content_policy_violation|ResponsibleAIPolicyViolation/i, // OpenAI, Azure
  /prohibited_content|blocked (?:by|due to)[^.]{0,40}safety|\bSAFETY\b/, // Google
  /guardrail|flagged (?:by|as|for)/i, // Bedrock, OpenRouter
];

/** Why a service rejected a request, where its error tells; nothing for any other failure. */
export function rejectionOf({ code, message, details }: LLMError): Pick<CandidateFailure, "rejectedFor"> {
  if (code !== "ATLAS_LLM_REJECTED") return {};
  const providerCode = "providerCode" in details ? details.providerCode : undefined;
  if (providerCode === UNSUPPORTED) return { rejectedFor: "unsupported" };
  const said = `${providerCode ?? ""} ${message}`;
  if (contentFilter.some((pattern) => pattern.test(said))) return { rejectedFor: "content_filter" };
  if (contextWindow.some((pattern) => pattern.test(said))) return { rejectedFor: "context_window" };
  return "status" in details && details.status === TOO_LARGE ? { rejectedFor: "context_window" } : {};
}

const TOO_LARGE = 413;
