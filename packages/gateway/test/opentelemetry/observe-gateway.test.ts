import { createNoopMeter, type Meter, metrics, ValueType } from "@opentelemetry/api";
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createGateway,
  type GatewayOptions,
  type GatewayStats,
  silentLogger,
  toPrometheus,
} from "../../src/index.ts";
import { observeGateway } from "../../src/opentelemetry/index.ts";
import { someStats } from "../support/some-stats.ts";
import { until } from "../support/until.ts";

/** The real SDK, which collects when the test asks, and lists what it collected in lines of text. */
function createCollector(temporality = AggregationTemporality.CUMULATIVE) {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());

  return {
    provider,
    meter: provider.getMeter("test"),
    async collect() {
      const { resourceMetrics, errors } = await reader.collect();
      const found = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      const lines = found.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => {
          const pairs = Object.entries(attributes).map(([key, text]) => `${key}=${text}`);
          return [name, unit, ...pairs, String(value)].join(" ");
        }),
      );
      const scopes = resourceMetrics.scopeMetrics.map(({ scope }) => scope.name);
      const instruments = found.map((metric) => ({ ...metric.descriptor, kind: kindOf(metric) }));
      return { lines, instruments, scopes, errors };
    },
  };
}

function kindOf(metric: MetricData): "counter" | "up_down_counter" | "gauge" {
  if (metric.dataPointType !== DataPointType.SUM) return "gauge";
  return metric.isMonotonic ? "counter" : "up_down_counter";
}

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** A gateway that is not stopped and has these stats. */
function createStub(stats: () => Promise<GatewayStats>) {
  const stub = {
    calls: 0,
    stats() {
      stub.calls += 1;
      return stats();
    },
    health: () => ({ status: "ok" }) as const,
  };
  return stub;
}

describe("observeGateway", () => {
  it("gives every figure under its name, with its unit and attributes, in seconds", async () => {
    const { meter, collect } = createCollector();
    observeGateway(
      createStub(async () => someStats),
      { meter },
    );
    const { lines, errors } = await collect();
    expect(errors).toEqual([]);
    expect(lines.join("\n")).toMatchInlineSnapshot(`
      "atlas.jobs.ready {job} atlas.workflow_id=busy.v1 3
      atlas.jobs.ready {job} atlas.workflow_id=idle.v1 0
      atlas.jobs.delayed {job} atlas.workflow_id=busy.v1 4
      atlas.jobs.delayed {job} atlas.workflow_id=idle.v1 0
      atlas.jobs.oldest_ready s atlas.workflow_id=busy.v1 5.5
      atlas.jobs.oldest_ready s atlas.workflow_id=idle.v1 0
      atlas.attempts_running {attempt} atlas.workflow_id=busy.v1 6
      atlas.attempts_running {attempt} atlas.workflow_id=idle.v1 0
      atlas.attempts {attempt} atlas.workflow_id=busy.v1 atlas.outcome=succeeded 70
      atlas.attempts {attempt} atlas.workflow_id=idle.v1 atlas.outcome=succeeded 0
      atlas.attempts {attempt} atlas.workflow_id=busy.v1 atlas.outcome=failed 8
      atlas.attempts {attempt} atlas.workflow_id=idle.v1 atlas.outcome=failed 0
      atlas.attempts {attempt} atlas.workflow_id=busy.v1 atlas.outcome=parked 9
      atlas.attempts {attempt} atlas.workflow_id=idle.v1 atlas.outcome=parked 0
      atlas.attempts {attempt} atlas.workflow_id=busy.v1 atlas.outcome=interrupted 10
      atlas.attempts {attempt} atlas.workflow_id=idle.v1 atlas.outcome=interrupted 0
      atlas.jobs.failed {job} atlas.workflow_id=busy.v1 2
      atlas.jobs.failed {job} atlas.workflow_id=idle.v1 0
      atlas.workflow.paused {workflow} atlas.workflow_id=busy.v1 1
      atlas.workflow.paused {workflow} atlas.workflow_id=idle.v1 0
      atlas.job.wait.count {job} atlas.workflow_id=busy.v1 90
      atlas.job.wait.count {job} atlas.workflow_id=idle.v1 0
      atlas.job.wait.sum s atlas.workflow_id=busy.v1 13
      atlas.job.wait.sum s atlas.workflow_id=idle.v1 0
      atlas.job.wait.quantile s atlas.workflow_id=busy.v1 atlas.quantile=0.5 0.014
      atlas.job.wait.quantile s atlas.workflow_id=busy.v1 atlas.quantile=0.9 0.015
      atlas.job.wait.quantile s atlas.workflow_id=busy.v1 atlas.quantile=0.99 0.016
      atlas.attempt.run.count {attempt} atlas.workflow_id=busy.v1 97
      atlas.attempt.run.count {attempt} atlas.workflow_id=idle.v1 0
      atlas.attempt.run.sum s atlas.workflow_id=busy.v1 18.25
      atlas.attempt.run.sum s atlas.workflow_id=idle.v1 0
      atlas.attempt.run.quantile s atlas.workflow_id=busy.v1 atlas.quantile=0.5 0.019
      atlas.attempt.run.quantile s atlas.workflow_id=busy.v1 atlas.quantile=0.9 0.02
      atlas.attempt.run.quantile s atlas.workflow_id=busy.v1 atlas.quantile=0.99 0.021
      atlas.source.failures {failure} atlas.source_id=git 23
      atlas.source.failures {failure} atlas.source_id=new 0
      atlas.source.paused {source} atlas.source_id=git 1
      atlas.source.paused {source} atlas.source_id=new 0
      atlas.source.last_sync_age s atlas.source_id=git 24.5
      atlas.sink.lag_events {event} atlas.sink_id=list 25
      atlas.sink.lag s atlas.sink_id=list 26.25
      atlas.sink.retrying_events {event} atlas.sink_id=list 27
      atlas.sink.dead_events {event} atlas.sink_id=list 28
      atlas.sink.failures {failure} atlas.sink_id=list 29
      atlas.sink.paused {sink} atlas.sink_id=list 1
      atlas.store.queue_commands {command} 30
      atlas.store.database By 33000
      atlas.store.wal By 34000
      atlas.backup.failures {failure} 35
      atlas.backup.age s 36.5
      atlas.backup.size By 37000"
    `);
  });

  it("has the names that OpenTelemetry translates to those of toPrometheus", async () => {
    const { meter, collect } = createCollector();
    observeGateway(
      createStub(async () => someStats),
      { meter },
    );
    const { instruments } = await collect();
    const suffixes: Readonly<Record<string, string>> = { s: "_seconds", By: "_bytes" };
    const translated = instruments
      .filter(({ name }) => !/\.(count|sum|quantile)$/.test(name))
      .map(({ name, unit, kind }) => {
        const isCounter = kind === "counter";
        const suffix = `${suffixes[unit] ?? ""}${isCounter ? "_total" : ""}`;
        return `${name.replaceAll(".", "_")}${suffix} ${isCounter ? "counter" : "gauge"}`;
      });
    const written = [...toPrometheus(someStats).matchAll(/^# TYPE (\S+ (?:counter|gauge))$/gm)];
    expect(translated).toEqual(written.map(([, nameAndType]) => nameAndType));
  });

  it("sums over workflows and sinks what can be summed, and nothing else", async () => {
    const { meter, collect } = createCollector();
    observeGateway(
      createStub(async () => someStats),
      { meter },
    );
    const { instruments } = await collect();
    const namesOf = (wanted: string) =>
      instruments.filter(({ kind }) => kind === wanted).map(({ name }) => name);
    expect(namesOf("counter")).toEqual([
      "atlas.attempts",
      "atlas.jobs.failed",
      "atlas.job.wait.count",
      "atlas.job.wait.sum",
      "atlas.attempt.run.count",
      "atlas.attempt.run.sum",
    ]);
    expect(namesOf("up_down_counter")).toEqual([
      "atlas.jobs.ready",
      "atlas.jobs.delayed",
      "atlas.attempts_running",
      "atlas.sink.retrying_events",
      "atlas.sink.dead_events",
      "atlas.store.queue_commands",
      "atlas.store.database",
      "atlas.store.wal",
    ]);
  });

  it("sends durations as floating-point numbers and everything else as whole ones", async () => {
    const { meter, collect } = createCollector();
    observeGateway(
      createStub(async () => someStats),
      { meter },
    );
    for (const { name, unit, valueType } of (await collect()).instruments) {
      expect.soft(valueType, name).toBe(unit === "s" ? ValueType.DOUBLE : ValueType.INT);
    }
  });

  it("has no name that is the namespace of another", async () => {
    const { meter, collect } = createCollector();
    observeGateway(
      createStub(async () => someStats),
      { meter },
    );
    const names = (await collect()).instruments.map(({ name }) => name);
    expect(names).toHaveLength(28);
    expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([]);
  });

  it("follows a gateway at work, with one call of stats() for each collection", async () => {
    const { meter, collect } = createCollector();
    const gateway = await open({ workflows: [{ id: "a.v1", run: async () => undefined }] });
    let calls = 0;
    const counted = {
      health: gateway.health,
      stats() {
        calls += 1;
        return gateway.stats();
      },
    };
    observeGateway(counted, { meter });
    await gateway.jobs.create({ id: "job-1", workflow_id: "a.v1" });
    expect((await collect()).lines).toContain("atlas.jobs.ready {job} atlas.workflow_id=a.v1 1");
    await gateway.start();
    await until(async () => (await gateway.stats()).workflows[0]?.succeededAttemptsTotal === 1);
    const { lines } = await collect();
    expect(lines).toContain("atlas.jobs.ready {job} atlas.workflow_id=a.v1 0");
    expect(lines).toContain("atlas.attempts {attempt} atlas.workflow_id=a.v1 atlas.outcome=succeeded 1");
    expect(lines).toContain("atlas.job.wait.count {job} atlas.workflow_id=a.v1 1");
    expect(calls).toBe(2);
  });

  it("empties the queue of a workflow that stats() no longer has, and keeps its totals", async () => {
    const { meter, collect } = createCollector();
    const gateway = await open();
    observeGateway(gateway, { meter });
    const enqueue = gateway.commands.enqueue;
    await enqueue({ type: "job.create", job: { id: "job-1", workflow_id: "gone.v1" } });
    expect((await collect()).lines).toContain("atlas.jobs.ready {job} atlas.workflow_id=gone.v1 1");
    await gateway.jobs.cancel("job-1");
    expect((await gateway.stats()).workflows).toEqual([]);
    expect((await collect()).lines).toContain("atlas.jobs.ready {job} atlas.workflow_id=gone.v1 0");

    const stats = [someStats, { ...someStats, workflows: [] }, someStats];
    const second = createCollector();
    observeGateway(
      createStub(async () => stats.shift() ?? someStats),
      { meter: second.meter },
    );
    const before = (await second.collect()).lines;
    const without = (await second.collect()).lines;
    expect(before.filter((line) => !without.includes(line))).toEqual([
      "atlas.jobs.ready {job} atlas.workflow_id=busy.v1 3",
      "atlas.jobs.delayed {job} atlas.workflow_id=busy.v1 4",
      "atlas.jobs.oldest_ready s atlas.workflow_id=busy.v1 5.5",
    ]);
    expect((await second.collect()).lines).toEqual(before);
  });

  it("tells gateways apart by their names", async () => {
    const { meter, collect } = createCollector();
    observeGateway(
      createStub(async () => someStats),
      { meter, name: "one" },
    );
    const wal = { ...someStats, store: { ...someStats.store, walBytes: 5 } };
    observeGateway(
      createStub(async () => wal),
      { meter, name: "two" },
    );
    const { lines } = await collect();
    expect(lines).toContain("atlas.store.wal By atlas.gateway_name=one 34000");
    expect(lines).toContain("atlas.store.wal By atlas.gateway_name=two 5");
    expect(lines.filter((line) => !/ atlas\.gateway_name=(one|two) /.test(line))).toEqual([]);
  });

  it("calls stats() no more once it was ended, however often", async () => {
    const { meter, collect } = createCollector(AggregationTemporality.DELTA);
    const [ended, other] = [createStub(async () => someStats), createStub(async () => someStats)];
    const end = observeGateway(ended, { meter, name: "ended" });
    observeGateway(other, { meter, name: "other" });
    await collect();
    end();
    end();
    const { lines } = await collect();
    expect([ended.calls, other.calls]).toEqual([1, 2]);
    expect(lines.join("\n")).toContain("other");
    expect(lines.join("\n")).not.toContain("ended");
  });

  it("uses the registered provider by default", async () => {
    const { provider, collect } = createCollector();
    metrics.setGlobalMeterProvider(provider);
    onTestFinished(() => metrics.disable());
    observeGateway(createStub(async () => someStats));
    const { scopes, lines } = await collect();
    expect(scopes).toEqual(["@atlas/gateway"]);
    expect(lines).toContain("atlas.store.wal By 34000");
  });

  it("refuses an option that it does not know", () => {
    const options: object = { nam: "one" };
    expect(() =>
      observeGateway(
        createStub(async () => someStats),
        options,
      ),
    ).toThrow('observeGateway: "nam" is not an option. Did you mean "name"?');
  });
});

describe("a collection", () => {
  it.each([
    ["rejects", () => Promise.reject(new Error("disk gone"))],
    [
      "throws",
      () => {
        throw new Error("disk gone");
      },
    ],
  ])("has the error and no values when stats() %s, and the next one has them again", async (_, fail) => {
    const { meter, collect } = createCollector(AggregationTemporality.DELTA);
    let isBroken = true;
    observeGateway(
      createStub(() => (isBroken ? fail() : Promise.resolve(someStats))),
      { meter },
    );
    const { lines, errors } = await collect();
    expect(lines).toEqual([]);
    expect(errors).toEqual([new Error("disk gone")]);
    isBroken = false;
    const next = await collect();
    expect(next.errors).toEqual([]);
    expect(next.lines).toContain("atlas.store.wal By 34000");
  });

  it("still has values while the gateway stops and a job runs to its end", async () => {
    const { meter, collect } = createCollector(AggregationTemporality.DELTA);
    const gate = Promise.withResolvers<void>();
    const gateway = await open({ workflows: [{ id: "a.v1", run: () => gate.promise }] });
    observeGateway(gateway, { meter });
    await gateway.start();
    await gateway.jobs.create({ workflow_id: "a.v1" });
    await until(async () => (await gateway.stats()).workflows[0]?.runningAttempts === 1);
    const stopping = gateway.stop();
    const { lines, errors } = await collect();
    gate.resolve();
    await stopping;
    expect(errors).toEqual([]);
    expect(lines).toContain("atlas.attempts_running {attempt} atlas.workflow_id=a.v1 1");
  });

  it("has neither values nor an error after the gateway was stopped", async () => {
    const { meter, collect } = createCollector(AggregationTemporality.DELTA);
    const gateway = await open({ workflows: [{ id: "a.v1", run: async () => undefined }] });
    observeGateway(gateway, { meter });
    expect((await collect()).lines).not.toEqual([]);
    await gateway.stop();
    const { lines, errors } = await collect();
    expect({ lines, errors }).toEqual({ lines: [], errors: [] });
  });

  it("has neither values nor an error when the stop comes while stats() reads", async () => {
    const { meter, collect } = createCollector(AggregationTemporality.DELTA);
    const gateway = await open();
    const stats = () => gateway.stop().then(gateway.stats);
    observeGateway({ health: gateway.health, stats }, { meter });
    const { lines, errors } = await collect();
    expect({ lines, errors }).toEqual({ lines: [], errors: [] });
  });

  it("does not end the process when the meter drops the promise of a failed callback", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const careless: Meter = Object.assign(Object.create(createNoopMeter()), {
      addBatchObservableCallback: ((callback) =>
        void callback({ observe: () => undefined })) satisfies Meter["addBatchObservableCallback"],
    });
    observeGateway(
      createStub(() => Promise.reject(new Error("disk gone"))),
      { meter: careless },
    );
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });
});
