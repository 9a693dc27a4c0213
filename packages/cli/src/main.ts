#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Most of a short command is compiling. What comes after this line is compiled once.
enableCompileCache();
const { runAtlas } = await import("./run-atlas.ts");

const { env, stdin, stdout, stderr } = process;
process.exitCode = await runAtlas(process.argv.slice(2), { cwd: process.cwd(), env, stdin, stdout, stderr });
