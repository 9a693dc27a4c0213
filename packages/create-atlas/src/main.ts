#!/usr/bin/env node
import { runAtlas } from "@atlas/cli";

const { env, stdin, stdout, stderr } = process;
process.exitCode = await runAtlas(["init", ...process.argv.slice(2)], {
  cwd: process.cwd(),
  env,
  stdin,
  stdout,
  stderr,
});
