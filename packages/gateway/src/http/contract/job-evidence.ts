import { idParams, listOf } from "./fields.ts";
import { agentRun, jobLogLine, jobStep, jobWait, modelCall } from "./records/evidence.ts";
import { defineRoute } from "./route.ts";

const read = { group: "jobs", access: "read" } as const;

export const listWaits = defineRoute({
  id: "jobs.waits",
  method: "GET",
  path: "/jobs/{id}/waits",
  scope: read,
  summary: "Lists what a job waits for, and the answers that it has.",
  params: idParams,
  answer: { status: 200, description: "The waits.", schema: listOf(jobWait) },
  problems: [404],
});

export const listSteps = defineRoute({
  id: "jobs.steps",
  method: "GET",
  path: "/jobs/{id}/steps",
  scope: read,
  summary: "Lists the finished steps of a job, with their results.",
  params: idParams,
  answer: { status: 200, description: "The steps.", schema: listOf(jobStep) },
  problems: [404],
});

export const listCallsOfJob = defineRoute({
  id: "jobs.calls",
  method: "GET",
  path: "/jobs/{id}/calls",
  scope: read,
  summary: "Lists the calls of a job to language models, with their routes.",
  params: idParams,
  answer: { status: 200, description: "The calls, in order.", schema: listOf(modelCall) },
  problems: [404],
});

export const listRunsOfJob = defineRoute({
  id: "jobs.runs",
  method: "GET",
  path: "/jobs/{id}/runs",
  scope: read,
  summary: "Lists the tasks that a job gave to coding agents, with their routes.",
  params: idParams,
  answer: { status: 200, description: "The runs, in order.", schema: listOf(agentRun) },
  problems: [404],
});

export const listLog = defineRoute({
  id: "jobs.log",
  method: "GET",
  path: "/jobs/{id}/log",
  scope: read,
  summary: "Lists the last lines that a job logged: at most 200, with 32 KiB.",
  params: idParams,
  answer: { status: 200, description: "The lines, the oldest first.", schema: listOf(jobLogLine) },
  problems: [404],
});
