import type { AgentProgram } from "../programs/agent-program.ts";
import { claudeProgram } from "./claude.ts";
import { codexProgram } from "./codex.ts";
import { copilotProgram } from "./copilot.ts";
import { geminiProgram } from "./gemini.ts";
import { opencodeProgram } from "./opencode.ts";

/** The names of the agents that Atlas knows. */
export type BuiltInAgent = "codex-cli" | "claude-code" | "gemini-cli" | "opencode" | "copilot-cli";

/** How each agent that Atlas knows is called and read. */
export const builtInPrograms: Readonly<Record<BuiltInAgent, () => AgentProgram>> = {
  "codex-cli": codexProgram,
  "claude-code": claudeProgram,
  "gemini-cli": geminiProgram,
  opencode: opencodeProgram,
  "copilot-cli": copilotProgram,
};
