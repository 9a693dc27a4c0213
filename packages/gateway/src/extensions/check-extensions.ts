import type { StoreModule } from "@atlas/core";
import { checkNeeds, checkOptions, nameOfNeed } from "@atlas/plugins/runtime";
import type { AnyExtension } from "./extension.ts";

/** What a host gives beside its extensions. */
export interface HostParts {
  readonly modules: readonly StoreModule[];
  /** The names of its services. */
  readonly services: readonly string[];
}

// As records, so that a missing name is an error of types.
const OPTIONS: Readonly<Record<keyof AnyExtension, true>> = {
  name: true,
  module: true,
  uses: true,
  needs: true,
  sources: true,
  workflows: true,
  sinks: true,
  provide: true,
  admit: true,
  llm: true,
  around: true,
  harness: true,
  observe: true,
  routes: true,
  start: true,
  health: true,
};
const FUNCTIONS = [
  "provide",
  "admit",
  "llm",
  "around",
  "harness",
  "observe",
  "routes",
  "start",
  "health",
] as const;
const LISTS = ["sources", "workflows", "sinks", "uses", "needs"] as const;
const NAME = /^[a-z][A-Za-z0-9]{0,62}$/;

/** Checks extensions one by one and together. A `TypeError` names the extension, and what to write instead. */
export function checkExtensions(extensions: readonly AnyExtension[], host: HostParts): void {
  if (!Array.isArray(extensions))
    throw new TypeError("createGateway: extensions must be a list of what defineExtension returns.");
  for (const extension of extensions) checkForm(extension);
  checkNames(extensions, host.services);
  const modules = [...host.modules, ...extensions.flatMap(({ module = [] }) => module)];
  checkModules(modules);
  const names = modules.map(({ name }) => name);
  const services = [...host.services];
  for (const [place, extension] of extensions.entries()) {
    const of = `The extension "${extension.name}"`;
    checkOrder(of, extension, extensions.slice(place));
    checkNeeds(of, extension, { modules: names, services });
    if (extension.provide !== undefined) services.push(extension.name);
  }
}

function checkForm(extension: AnyExtension): void {
  if (typeof extension !== "object" || extension === null)
    throw new TypeError(
      `createGateway: extensions takes what defineExtension returns; got ${String(extension)}. If it is a function, call it with its options.`,
    );
  const { name } = extension;
  if (typeof name !== "string" || !NAME.test(name))
    throw new TypeError(
      `An extension's name must have letters and digits and begin with a lower-case letter, such as "finops"; got ${JSON.stringify(name)}.`,
    );
  const of = `The extension "${name}"`;
  checkOptions(of, extension, Object.keys(OPTIONS));
  for (const option of FUNCTIONS) {
    if (extension[option] !== undefined && typeof extension[option] !== "function")
      throw new TypeError(`${of}: ${option} must be a function.`);
  }
  for (const option of LISTS) {
    if (extension[option] !== undefined && !Array.isArray(extension[option]))
      throw new TypeError(`${of}: ${option} must be a list.`);
  }
}

function checkNames(extensions: readonly AnyExtension[], services: readonly string[]): void {
  const names = new Set<string>();
  for (const { name, provide } of extensions) {
    if (names.has(name))
      throw new TypeError(`Two extensions have the name "${name}". Remove one, or rename it.`);
    if (provide !== undefined && services.includes(name))
      throw new TypeError(
        `The extension "${name}" provides a service that createGateway({ services }) has too. Rename the host's.`,
      );
    names.add(name);
  }
}

function checkModules(modules: readonly StoreModule[]): void {
  const names = new Set<string>();
  for (const { name } of modules) {
    if (names.has(name))
      throw new TypeError(
        `Two modules have the name "${name}". A module is installed once: by createGateway({ modules }) or by one extension.`,
      );
    names.add(name);
  }
}

/** Refuses a need that only a later extension, or the extension itself, provides. */
function checkOrder(of: string, { needs = [] }: AnyExtension, later: readonly AnyExtension[]): void {
  for (const need of needs.map(nameOfNeed)) {
    if (later.some(({ name, provide }) => name === need && provide !== undefined))
      throw new TypeError(
        `${of} needs the service "${need}", which is not there yet when it is made. Put the extension "${need}" before it in the list.`,
      );
  }
}
