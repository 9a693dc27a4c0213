export { createFileSink, type FileSinkOptions } from "./file-sink.ts";
