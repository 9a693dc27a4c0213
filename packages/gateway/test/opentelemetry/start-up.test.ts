import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";

/** The modules that a program loads with this import. */
function loadedBy(specifier: string): string {
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) });
    await import(${JSON.stringify(specifier)});
  `;
  const options = ["--conditions=@atlas/source", "--input-type=module", "-e", program];
  // The empty folder that a test runs in has no packages.
  return execFileSync(process.execPath, options, { encoding: "utf8", cwd: import.meta.dirname });
}

it("loads nothing of OpenTelemetry with @atlas/gateway, but with its subpath", () => {
  const ofOpenTelemetry = /\/@opentelemetry\/|\/src\/opentelemetry\//;
  expect(loadedBy("@atlas/gateway")).toContain("/src/create-gateway.ts");
  expect(loadedBy("@atlas/gateway")).not.toMatch(ofOpenTelemetry);
  expect(loadedBy("@atlas/gateway/opentelemetry")).toMatch(ofOpenTelemetry);
}, 30_000);
