export { type AcpDriverOptions, createAcpDriver } from "./driver.ts";
export type { AcpPermission } from "./permission.ts";
