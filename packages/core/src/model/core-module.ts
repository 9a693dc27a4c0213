import { defineModule } from "../contract/define-module.ts";
import { events } from "../contract/event-types.ts";
import { type CommandOf, tables } from "../contract/module.ts";
import { artifactCreate, artifactDelete, artifactUpdate } from "./artifact.ts";
import type { CoreEvents } from "./core-events.ts";
import { domainEventEmit, domainEventMarkDelivered } from "./domain-event.ts";
import { entityUpsert } from "./entity.ts";
import { eventInsert } from "./event.ts";
import { jobCreate, jobUpdateStatus } from "./job.ts";
import { jobUpdateStatusMany } from "./job-set.ts";
import { jobMarkDue } from "./mark-due.ts";
import { initial } from "./migrations/001_initial.ts";
import { context } from "./migrations/002_context.ts";
import { readyByWorkflow } from "./migrations/003_ready_by_workflow.ts";
import { entityIds } from "./migrations/004_entity_ids.ts";
import { undelivered } from "./migrations/005_undelivered.ts";
import { groupKey } from "./migrations/006_group_key.ts";
import { maintenancePrune } from "./prune.ts";
import { coreQueries } from "./queries.ts";
import type { CoreTables } from "./tables.ts";

/** Core's commands, tables and queries. Every store has it as its first module. */
export const coreModule = defineModule({
  name: "core",
  version: 4,
  tables: tables<CoreTables>(),
  events: events<CoreEvents>(),
  migrations: {
    "001_initial": initial,
    "002_context": context,
    "003_ready_by_workflow": readyByWorkflow,
    "004_entity_ids": entityIds,
    "005_undelivered": undelivered,
    "006_group_key": groupKey,
  },
  commands: {
    "entity.upsert": entityUpsert,
    "event.insert": eventInsert,
    "artifact.create": artifactCreate,
    "artifact.update": artifactUpdate,
    "artifact.delete": artifactDelete,
    "job.create": jobCreate,
    "job.updateStatus": jobUpdateStatus,
    "job.updateStatusMany": jobUpdateStatusMany,
    "job.markDue": jobMarkDue,
    "domainEvent.emit": domainEventEmit,
    "domainEvent.markDelivered": domainEventMarkDelivered,
    "maintenance.prune": maintenancePrune,
  },
  queries: coreQueries,
});

/** The type of {@link coreModule}. */
export type CoreModule = typeof coreModule;

/** The twelve commands of core. */
export type Command = CommandOf<CoreModule>;
