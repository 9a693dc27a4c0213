import type { z } from "zod";
import type { artifact, domainEvent } from "../contract/records/data.ts";
import type { agentRun, jobLogLine, jobStep, jobWait, modelCall } from "../contract/records/evidence.ts";
import type { job, jobDetails } from "../contract/records/job.ts";
import type { gatewayFigures, gatewayState } from "../contract/records/operations.ts";
import type { deadLetter, schedule, sink, source, sourceSync, workflow } from "../contract/records/plugin.ts";

// What the API answers with, for the console's scripts: the contracts are their only source.
export type { Panel } from "./panels.ts";
export type Job = z.output<typeof job>;
export type JobDetails = z.output<typeof jobDetails>;
export type JobStep = z.output<typeof jobStep>;
export type JobWait = z.output<typeof jobWait>;
export type JobLogLine = z.output<typeof jobLogLine>;
export type ModelCall = z.output<typeof modelCall>;
export type AgentRun = z.output<typeof agentRun>;
export type Artifact = z.output<typeof artifact>;
export type DomainEvent = z.output<typeof domainEvent>;
export type GatewayState = z.output<typeof gatewayState>;
export type GatewayFigures = z.output<typeof gatewayFigures>;
export type Workflow = z.output<typeof workflow>;
export type Schedule = z.output<typeof schedule>;
export type Source = z.output<typeof source>;
export type SourceSync = z.output<typeof sourceSync>;
export type Sink = z.output<typeof sink>;
export type DeadLetter = z.output<typeof deadLetter>;
