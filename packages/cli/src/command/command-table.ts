import type { Command } from "./command.ts";

/** A command before it is loaded. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

/** Commands under one name, such as `atlas jobs`. */
export interface CommandGroup {
  readonly summary: string;
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

/** Every command, in the order of the help. */
export const commandTable: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  init: { summary: "Create a project that runs", load: () => import("../commands/init.ts") },
  start: { summary: "Run the gateway and serve HTTP", load: () => import("../commands/start/start.ts") },
  sync: { summary: "Sync one source, or all", load: () => import("../commands/sync.ts") },
  jobs: {
    summary: "List, create and control jobs",
    commands: {
      ls: { summary: "List jobs, the newest first", load: () => import("../commands/jobs/list.ts") },
      show: { summary: "Show a job and what it did", load: () => import("../commands/jobs/show.ts") },
      watch: { summary: "Follow a job until it ends", load: () => import("../commands/jobs/watch.ts") },
      create: { summary: "Create a job of a workflow", load: () => import("../commands/jobs/create.ts") },
      cancel: { summary: "Cancel a job and its children", load: () => import("../commands/jobs/cancel.ts") },
      redrive: {
        summary: "Queue a failed or cancelled job again",
        load: () => import("../commands/jobs/redrive.ts"),
      },
      signal: {
        summary: "Answer what a job waits for",
        load: () => import("../commands/jobs/signal.ts"),
      },
    },
  },
  events: {
    summary: "Read domain events",
    commands: {
      tail: {
        summary: "Show the last events and follow new ones",
        load: () => import("../commands/events-tail.ts"),
      },
    },
  },
  calls: { summary: "List calls of language models", load: () => import("../commands/calls.ts") },
  "explain-route": {
    summary: "Show which models a profile would ask",
    load: () => import("../commands/explain-route.ts"),
  },
  verify: {
    summary: "Replay the journal and compare it with the database",
    load: () => import("../commands/verify.ts"),
  },
  asof: { summary: "Look at the database as it was", load: () => import("../commands/asof.ts") },
  backup: { summary: "Copy the database, and verify the copy", load: () => import("../commands/backup.ts") },
  restore: { summary: "Make a database of a backup", load: () => import("../commands/restore.ts") },
  prune: { summary: "Remove old records", load: () => import("../commands/prune.ts") },
  doctor: {
    summary: "Check the installation and the configuration",
    load: () => import("../commands/doctor/doctor.ts"),
  },
  token: {
    summary: "Manage the tokens of the HTTP interface",
    commands: {
      create: {
        summary: "Create a token and show it once",
        load: () => import("../commands/token/create.ts"),
      },
      ls: { summary: "List tokens", load: () => import("../commands/token/list.ts") },
      revoke: { summary: "Revoke a token", load: () => import("../commands/token/revoke.ts") },
    },
  },
};
