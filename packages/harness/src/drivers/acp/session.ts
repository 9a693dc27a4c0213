import type {
  AgentCapabilities,
  ClientConnection,
  NewSessionResponse,
  SessionConfigOption,
} from "@agentclientprotocol/sdk";
import type { HarnessRun } from "../../contract/driver.ts";
import { HarnessError } from "../../contract/errors.ts";
import type { AcpSdk } from "./sdk.ts";

/** A connection, and the run that it is for. */
export interface SessionTalk {
  readonly methods: AcpSdk["methods"];
  readonly agent: ClientConnection["agent"];
  readonly run: HarnessRun;
}

type Session = Pick<NewSessionResponse, "sessionId" | "modes" | "configOptions">;

/** Opens the session of a run: a new one, or the one that `sessionId` names. */
export async function openSession(
  { methods, agent, run }: SessionTalk,
  capabilities: AgentCapabilities,
): Promise<Session> {
  const { cwd, sessionId, harness } = run;
  const folder = { cwd, mcpServers: [] };
  if (sessionId === undefined) return agent.request(methods.agent.session.new, folder);
  const earlier = { ...folder, sessionId };
  if (capabilities.sessionCapabilities?.resume != null) {
    return { ...(await agent.request(methods.agent.session.resume, earlier)), sessionId };
  }
  if (capabilities.loadSession === true) {
    return { ...(await agent.request(methods.agent.session.load, earlier)), sessionId };
  }
  throw new HarnessError(
    "ATLAS_HARNESS_INPUT_REFUSED",
    { harness, input: "sessionId" },
    `Agent "${harness}" cannot go on with an earlier session. Start the task without \`sessionId\`.`,
  );
}

/** Chooses the agent's mode and model, where the run asks for one. */
export async function setChoices(
  talk: SessionTalk,
  session: Session,
  mode: string | undefined,
): Promise<void> {
  const { methods, agent, run } = talk;
  const { sessionId, modes, configOptions } = session;
  if (mode !== undefined) {
    const offered = modes?.availableModes.map(({ id }) => id) ?? [];
    if (offered.includes(mode)) {
      await agent.request(methods.agent.session.setMode, { sessionId, modeId: mode });
    } else await setOption(talk, session, { what: "mode", value: mode, offered });
  }
  if (run.model !== undefined) {
    await setOption(
      talk,
      { sessionId, ...(configOptions == null ? {} : { configOptions }) },
      {
        what: "model",
        value: run.model,
        offered: [],
      },
    );
  }
}

/** Newer agents offer modes and models as options. */
async function setOption(
  { methods, agent, run }: SessionTalk,
  { sessionId, configOptions }: Session,
  { what, value, offered }: { what: "mode" | "model"; value: string; offered: readonly string[] },
): Promise<void> {
  const option = configOptions?.find(({ id, category }) => id === what || category === what);
  const values = [...offered, ...(option === undefined ? [] : valuesOf(option))];
  if (option === undefined || !values.includes(value)) {
    throw new HarnessError(
      "ATLAS_HARNESS_MISCONFIGURED",
      { harness: run.harness },
      `Agent "${run.harness}" offers no ${what} "${value}". ${
        values.length === 0
          ? `It offers no choice of a ${what}`
          : `It offers: ${values.slice(0, 50).join(", ")}`
      }. Correct the ${what} of the ${what === "mode" ? "driver" : "task or the profile"}.`,
    );
  }
  await agent.request(methods.agent.session.setConfigOption, { sessionId, configId: option.id, value });
}

function valuesOf(option: SessionConfigOption): readonly string[] {
  if (option.type !== "select") return [];
  return option.options.flatMap((one) =>
    "options" in one ? one.options.map(({ value }) => value) : [one.value],
  );
}
