import { getArtifact, getEntity, getEvent, listArtifacts, listEntities, listEvents } from "./data.ts";
import { followDomainEvents, listDomainEvents } from "./domain-events.ts";
import { live, openApi, ready } from "./health.ts";
import { listCallsOfJob, listLog, listRunsOfJob, listSteps, listWaits } from "./job-evidence.ts";
import {
  cancelJob,
  createJob,
  createJobs,
  followJob,
  getJob,
  listJobs,
  promoteJob,
  redriveJob,
  signalJob,
  waitForJob,
} from "./jobs.ts";
import { makeBackup, prune, verify } from "./maintenance.ts";
import { explainRoute, listCalls } from "./models.ts";
import { getMetrics, getStats, getStatus, listJournal, listRefused } from "./operations.ts";
import {
  dismissDeadLetters,
  listDeadLetters,
  listSinks,
  pauseSink,
  redriveDeadLetters,
  resumeSink,
} from "./sinks.ts";
import { checkSources, listSources, pauseSource, resumeSource, syncSources } from "./sources.ts";
import { tokensCreate, tokensList, tokensRevoke } from "./tokens.ts";
import {
  getWorkflow,
  listSchedules,
  listWorkflows,
  pauseWorkflow,
  putSchedule,
  removeSchedule,
  resumeWorkflow,
} from "./workflows.ts";

/** Every route that has a method of the typed client, by its id. */
export const contracts = {
  "health.live": live,
  "health.ready": ready,
  openapi: openApi,
  "jobs.create": createJob,
  "jobs.createMany": createJobs,
  "jobs.list": listJobs,
  "jobs.get": getJob,
  "jobs.wait": waitForJob,
  "jobs.cancel": cancelJob,
  "jobs.redrive": redriveJob,
  "jobs.promote": promoteJob,
  "jobs.signal": signalJob,
  "jobs.follow": followJob,
  "jobs.waits": listWaits,
  "jobs.steps": listSteps,
  "jobs.calls": listCallsOfJob,
  "jobs.runs": listRunsOfJob,
  "jobs.log": listLog,
  "workflows.list": listWorkflows,
  "workflows.get": getWorkflow,
  "workflows.pause": pauseWorkflow,
  "workflows.resume": resumeWorkflow,
  "schedules.list": listSchedules,
  "schedules.put": putSchedule,
  "schedules.remove": removeSchedule,
  "sources.list": listSources,
  "sources.sync": syncSources,
  "sources.check": checkSources,
  "sources.pause": pauseSource,
  "sources.resume": resumeSource,
  "sinks.list": listSinks,
  "sinks.pause": pauseSink,
  "sinks.resume": resumeSink,
  "deadLetters.list": listDeadLetters,
  "deadLetters.redrive": redriveDeadLetters,
  "deadLetters.dismiss": dismissDeadLetters,
  "entities.list": listEntities,
  "entities.get": getEntity,
  "events.list": listEvents,
  "events.get": getEvent,
  "artifacts.list": listArtifacts,
  "artifacts.get": getArtifact,
  "domainEvents.list": listDomainEvents,
  "domainEvents.follow": followDomainEvents,
  "models.explain": explainRoute,
  "calls.list": listCalls,
  "operations.status": getStatus,
  "operations.stats": getStats,
  "operations.metrics": getMetrics,
  "refused.list": listRefused,
  "journal.list": listJournal,
  "maintenance.backup": makeBackup,
  "maintenance.prune": prune,
  "maintenance.verify": verify,
  "tokens.list": tokensList,
  "tokens.create": tokensCreate,
  "tokens.revoke": tokensRevoke,
} as const;
