import { showArtifact } from "./artifact.js";
import { showArtifacts } from "./artifacts.js";
import { showCalls } from "./calls.js";
import { showHealth } from "./health.js";
import { showJob } from "./job.js";
import { showJobs } from "./jobs.js";
import { showLive } from "./live.js";
import { showOverview } from "./overview.js";
import { showPanel } from "./panel.js";
import { showSinks } from "./sinks.js";
import { showSources } from "./sources.js";

/** @import { Route } from "../app/router.js" */

/** @type {readonly Route[]} */
export const routes = [
  { path: "/", show: showOverview },
  { path: "/jobs", show: showJobs },
  { path: "/jobs/:id", show: showJob },
  { path: "/live", show: showLive },
  { path: "/calls", show: showCalls },
  { path: "/artifacts", show: showArtifacts },
  { path: "/artifacts/:id", show: showArtifact },
  { path: "/sources", show: showSources },
  { path: "/sinks", show: showSinks },
  { path: "/health", show: showHealth },
  { path: "/panels/:path", show: showPanel },
];
