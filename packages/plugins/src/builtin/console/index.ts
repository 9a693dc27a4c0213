export { type ConsoleSinkOptions, createConsoleSink } from "./console-sink.ts";
