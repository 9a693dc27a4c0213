import type {
  PermissionOption,
  SessionConfigOption,
  SessionMode,
  SessionUpdate,
  StopReason,
  ToolCallUpdate,
} from "@agentclientprotocol/sdk";

/** One thing that the agent of `fixtures/acp-agent.ts` does. */
export type AcpStep =
  | { readonly say: string }
  /** Says its mode, what it has loaded, and the prompt. */
  | { readonly sayPrompt: true }
  | { readonly update: SessionUpdate }
  /** Asks for permission, and says which option it got. */
  | { readonly ask: ToolCallUpdate; readonly options?: PermissionOption[] }
  | { readonly read: string }
  | { readonly write: string; readonly content: string }
  /** Prints this beside the protocol. */
  | { readonly print: string }
  | { readonly die: number }
  /** Starts a process that outlives it. */
  | { readonly leave: true }
  | { readonly waitForCancel: true }
  | { readonly hang: true }
  | { readonly fail: string };

/** What the agent of `fixtures/acp-agent.ts` is like, and what it does with a prompt. */
export interface AcpScript {
  readonly version?: number;
  readonly loads?: boolean;
  readonly needsLogin?: boolean;
  readonly dieAtOnce?: string;
  readonly modes?: SessionMode[];
  readonly configOptions?: SessionConfigOption[];
  readonly steps?: readonly AcpStep[];
  readonly stop?: StopReason;
  /** Added to the answer. */
  readonly answer?: Readonly<Record<string, unknown>>;
}
