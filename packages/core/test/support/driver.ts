import { testDriver } from "../../../../test/support/test-driver.ts";
import * as core from "../../src/index.ts";
import * as store from "../../src/store.ts";

// The same functions with the driver of the tests as their default. All tests open stores through these.

export const createStore: typeof core.createStore = (options) =>
  core.createStore({ driver: testDriver, ...options });

export const createStoreOn: typeof store.createStoreOn = (executorOf, options) =>
  store.createStoreOn(executorOf, { driver: testDriver, ...options });

export const openReadOnly: typeof core.openReadOnly = (database, options) =>
  core.openReadOnly(database, { driver: testDriver, ...options });

export const backup: typeof core.backup = (options) => core.backup({ driver: testDriver, ...options });

export const restore: typeof core.restore = (options) => core.restore({ driver: testDriver, ...options });
