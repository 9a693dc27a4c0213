import { z } from "zod";
import { idParams, listOf } from "./fields.ts";
import { schedule, scheduleBody, workflow } from "./records/plugin.ts";
import { defineRoute } from "./route.ts";

const read = { group: "jobs", access: "read" } as const;
const write = { group: "jobs", access: "write" } as const;

export const listWorkflows = defineRoute({
  id: "workflows.list",
  method: "GET",
  path: "/workflows",
  scope: read,
  summary: "Lists the workflows, with the JSON Schema of their input.",
  answer: { status: 200, description: "The workflows.", schema: listOf(workflow) },
});

export const getWorkflow = defineRoute({
  id: "workflows.get",
  method: "GET",
  path: "/workflows/{id}",
  scope: read,
  summary: "Gives a workflow, with the JSON Schema of its input.",
  params: idParams,
  answer: { status: 200, description: "The workflow.", schema: workflow },
  problems: [404],
});

export const pauseWorkflow = defineRoute({
  id: "workflows.pause",
  method: "POST",
  path: "/workflows/{id}/pause",
  scope: write,
  summary: "Pauses a workflow until it is resumed, over restarts too. Its jobs wait in the queue.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 204, description: "It is paused." },
  problems: [404],
  idempotent: true,
});

export const resumeWorkflow = defineRoute({
  id: "workflows.resume",
  method: "POST",
  path: "/workflows/{id}/resume",
  scope: write,
  summary: "Lets a paused workflow go on.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 204, description: "It goes on." },
  problems: [404],
  idempotent: true,
});

export const listSchedules = defineRoute({
  id: "schedules.list",
  method: "GET",
  path: "/schedules",
  scope: read,
  summary: "Lists the schedules of workflows: those of the code first, then those made at run time.",
  answer: { status: 200, description: "The schedules.", schema: listOf(schedule) },
});

export const putSchedule = defineRoute({
  id: "schedules.put",
  method: "PUT",
  path: "/schedules/{id}",
  scope: write,
  summary: "Makes a schedule, or changes the one of this id. It is valid at once and kept over restarts.",
  params: idParams,
  body: scheduleBody,
  answer: { status: 200, description: "The schedule.", schema: schedule },
  problems: [404, 422],
});

export const removeSchedule = defineRoute({
  id: "schedules.remove",
  method: "DELETE",
  path: "/schedules/{id}",
  scope: write,
  summary: "Removes a schedule that was made at run time. Its jobs stay.",
  params: idParams,
  answer: { status: 204, description: "It is removed." },
  problems: [404],
});
