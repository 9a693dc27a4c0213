#!/usr/bin/env node
import { runAtlas } from "./run-atlas.ts";

const { env, stdin, stdout, stderr } = process;
process.exitCode = await runAtlas(process.argv.slice(2), { cwd: process.cwd(), env, stdin, stdout, stderr });
