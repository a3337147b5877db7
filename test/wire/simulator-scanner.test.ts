import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { simulateScan } from "../../simulator/scan.ts";
import { type Fault, FaultScript } from "../../simulator/scanner/faults.ts";
import type { ScannerReport, ScannerSummary } from "../../simulator/scanner/report.ts";
import { type RunOptions, runScanner } from "../../simulator/scanner/run.ts";
import { MAX_KEPT, MAX_REFUSALS } from "../../simulator/scanner/scanner.ts";
import { until } from "../fixtures/processes.ts";
import {
  ScriptedGateway,
  type ScriptedGatewayOptions,
  type TakenScan,
} from "../fixtures/scripted-gateway.ts";

const SEED = 11;
const QUICK = 20;

interface Run {
  readonly gateway: ScriptedGateway;
  readonly reports: ScannerReport[];
  readonly summary: ScannerSummary;
}

function optionsFor(
  gateway: ScriptedGateway,
  reports: ScannerReport[],
  more: Partial<RunOptions>,
): RunOptions {
  return {
    listen: null,
    connect: { host: "127.0.0.1", port: gateway.port },
    barcode: null,
    scale: null,
    scans: 1,
    rate: QUICK,
    seed: SEED,
    truth: null,
    faults: new FaultScript([]),
    report: (report) => reports.push(report),
    leadMs: 0,
    ...more,
  };
}

async function run(
  script: ScriptedGatewayOptions,
  more: Partial<RunOptions> = {},
  stop: AbortSignal = new AbortController().signal,
): Promise<Run> {
  const gateway = new ScriptedGateway(script);
  await gateway.start();
  try {
    const reports: ScannerReport[] = [];
    const summary = await runScanner(optionsFor(gateway, reports, more), stop);
    return { gateway, reports, summary };
  } finally {
    await gateway.stop();
  }
}

function withFaults(...faults: Fault[]): Partial<RunOptions> {
  return { faults: new FaultScript(faults) };
}

/** The planes as the gateway has them must be those of the simulation, to the last count. */
function expectIntact(taken: TakenScan | undefined, index: number): void {
  const scan = simulateScan({ seed: SEED, index, mix: "traffic" });
  for (const plane of scan.planes) {
    const lines = taken?.planes.get(plane.energy) ?? [];
    expect(lines).toHaveLength(scan.width);
    let wrong = 0;
    for (let x = 0; x < scan.width; x++) {
      for (let y = 0; y < scan.height; y++) {
        if (lines[x]?.[y] !== plane.samples[y * scan.width + x]) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
  }
}

describe("the simulated scanner", () => {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-scanner-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("sends each scan whole, says that it is synthetic, and ends when all are acknowledged", async () => {
    const { gateway, summary } = await run({}, { scans: 3 });
    expect(summary).toMatchObject({ scans: 3, acknowledged: 3, outstanding: 0, resent: 0, connections: 1 });
    expect(gateway.starts.map((start) => start.origin)).toEqual(["SYNTHETIC", "SYNTHETIC", "SYNTHETIC"]);
    expect(new Set(gateway.starts.map((start) => start.scanRef)).size).toBe(3);
    gateway.taken.forEach((taken, index) => {
      expectIntact(taken, index);
    });
    expect(gateway.hellos[0]).toMatchObject({
      protocol: 1,
      airLevel: 60_000,
      views: [{ detectorPixels: 384 }],
    });
  });

  it("writes the truth of an item before the item is scanned", async () => {
    const truth = join(folder, "truth.ndjson");
    const startedAt = new Map<string, string>();
    await run(
      {
        onStart: (start) => {
          startedAt.set(start.scanRef, start.startedAt);
          expect(readFileSync(truth, "utf8")).toContain(start.scanRef);
          return null;
        },
      },
      { scans: 2, truth, leadMs: 500 },
    );
    const lines = readFileSync(truth, "utf8")
      .trimEnd()
      .split("\n")
      .map(
        (line) => JSON.parse(line) as { scanRef: string; at: string; massKg: number; declaration: unknown },
      );
    expect(lines.map((line) => line.scanRef)).toEqual([...startedAt.keys()]);
    for (const line of lines) {
      expect(line.massKg).toBeGreaterThan(0);
      expect(Date.parse(startedAt.get(line.scanRef) ?? "") - Date.parse(line.at)).toBeGreaterThanOrEqual(450);
    }
  });

  it("spends no more LINES than it has credit for", async () => {
    const stop = new AbortController();
    const gateway = new ScriptedGateway({ credit: 5, flow: false });
    await gateway.start();
    const running = runScanner(optionsFor(gateway, [], {}), stop.signal);
    await until("the credit to be spent", 20_000, () => gateway.linesFrames >= 5);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(gateway.linesFrames).toBe(5);
    gateway.grant(1000);
    expect(await running).toMatchObject({ acknowledged: 1 });
    await gateway.stop();
  });

  it("keeps what was not acknowledged and sends it under the same key on the next connection", async () => {
    const { gateway, summary } = await run(
      { onEnd: (_, attempt) => (attempt === 0 ? "hang-up" : "acknowledge") },
      { scans: 2 },
    );
    expect(summary).toMatchObject({ acknowledged: 2, resent: 1, connections: 2 });
    const [first, second] = gateway.starts;
    expect(second).toMatchObject({ scanRef: first?.scanRef, startedAt: first?.startedAt });
    expectIntact(gateway.taken[0], 0);
  });

  it.each<[string, Fault, string[]]>([
    ["a cut link", { kind: "cut-link", scan: 0, frame: 5 }, []],
    ["a torn frame", { kind: "torn-frame", scan: 0, frame: 4 }, ["BAD_CRC"]],
    ["a wrong CRC", { kind: "wrong-crc", scan: 0, frame: 3 }, ["BAD_CRC"]],
    ["a frame out of order", { kind: "out-of-order", scan: 0, frame: 3 }, ["BAD_SEQUENCE"]],
    ["an oversize length", { kind: "oversize-length", scan: 0, frame: 3 }, ["BAD_LENGTH"]],
    ["a lost SCAN_START", { kind: "wrong-crc", scan: 0, frame: 0 }, ["BAD_CRC"]],
    ["missing lines", { kind: "missing-lines", scan: 0, energy: 1, from: 20, to: 60 }, []],
  ])("delivers the scan whole in spite of %s", async (_, fault, codes) => {
    const { gateway, summary } = await run({}, withFaults(fault));
    expect(summary).toMatchObject({ acknowledged: 1, outstanding: 0 });
    expect(gateway.faults).toEqual(codes);
    expectIntact(gateway.taken[0], 0);
  });

  it("sends only the lines asked for, then SCAN_END again", async () => {
    const fault: Fault = { kind: "missing-lines", scan: 0, energy: 0, from: 20, to: 60 };
    const { gateway, summary } = await run({}, withFaults(fault));
    expect(gateway.naks.map((nak) => [nak.code, nak.missing])).toEqual([
      ["LINES_MISSING", [{ view: 0, energy: 0, from: 20, to: 60 }]],
    ]);
    expect(gateway.starts).toHaveLength(1);
    expect(gateway.ends).toHaveLength(2);
    expect(summary.resent).toBe(0);
  });

  it("says final where lines are lost for good", async () => {
    const fault: Fault = { kind: "final-incomplete", scan: 0, energy: 0, from: 20, to: 60 };
    const { gateway } = await run({}, withFaults(fault));
    expect(gateway.ends.map((end) => end.final)).toEqual([false, true]);
    expect(gateway.ends[1]?.acquisition).toEqual(["INCOMPLETE"]);
  });

  it("tells when the belt is stuck", async () => {
    const { gateway } = await run({}, withFaults({ kind: "stuck-belt", scan: 0, line: 30, ms: 100 }));
    expect(gateway.events).toMatchObject([
      { kind: "belt", state: "stopped" },
      { kind: "belt", state: "running" },
    ]);
    expect(gateway.ends[0]?.acquisition).toEqual(["JAM"]);
  });

  it.each(["SPOOL_FULL", "PAUSED"] as const)("waits and tries again after %s", async (code) => {
    const { gateway, summary } = await run(
      { onStart: (_, attempt) => (attempt < 2 ? { code, message: "later" } : null) },
      { scans: 2 },
    );
    expect(summary).toMatchObject({ acknowledged: 2, outstanding: 0 });
    expect(gateway.naks.map((nak) => nak.code)).toEqual([code, code]);
    // A refused scan comes again under its own reference, until it is taken.
    expect(gateway.starts).toHaveLength(4);
    expect(new Set(gateway.starts.map((start) => start.scanRef)).size).toBe(2);
  });

  it("gives up on a scan that is too large for the gateway, and says so", async () => {
    const { reports, summary } = await run(
      { onEnd: (_, attempt) => (attempt === 0 ? { code: "SCAN_TOO_LARGE", message: "no" } : "acknowledge") },
      { scans: 2 },
    );
    expect(summary).toMatchObject({ scans: 2, acknowledged: 1, outstanding: 1, givenUp: 1 });
    expect(reports).toContainEqual(
      expect.objectContaining({ event: "given-up", code: "SCAN_TOO_LARGE", index: 0 }),
    );
  });

  it("gives up on a scan after so many refusals", async () => {
    const missing = [{ view: 0, energy: 0 as const, from: 0, to: 1 }];
    const { gateway, summary } = await run({
      onEnd: () => ({ code: "LINES_MISSING", message: "", missing }),
    });
    expect(gateway.naks).toHaveLength(MAX_REFUSALS + 1);
    expect(summary).toMatchObject({ acknowledged: 0, outstanding: 1, givenUp: 1 });
  });

  it("stops its belt while the bound of kept scans is reached", async () => {
    const stop = new AbortController();
    const gateway = new ScriptedGateway({ onEnd: () => "silence" });
    await gateway.start();
    const running = runScanner(optionsFor(gateway, [], { scans: 20 }), stop.signal);
    await until("the store to be full", 20_000, () => gateway.ends.length >= MAX_KEPT);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(new Set(gateway.starts.map((start) => start.scanRef)).size).toBe(MAX_KEPT);
    stop.abort();
    expect(await running).toMatchObject({ scans: MAX_KEPT, acknowledged: 0, outstanding: MAX_KEPT });
    await gateway.stop();
  });

  it("listens where it is told to and waits for the gateway to come, and to come again", async () => {
    const gateway = new ScriptedGateway({
      onEnd: (_, attempt) => (attempt === 0 ? "hang-up" : "acknowledge"),
    });
    const reports: ScannerReport[] = [];
    const listen = { host: "127.0.0.1", port: 0 };
    const running = runScanner(
      { ...optionsFor(gateway, reports, { scans: 2 }), connect: null, listen },
      new AbortController().signal,
    );
    const first = await until("the scanner to listen", 10_000, () => reports[0]);
    const port = first.event === "listening" ? Number(first.scanner?.split(":")[1]) : 0;
    await gateway.dial(port);
    await until("the link to be lost", 20_000, () =>
      reports.some((report) => report.event === "disconnected"),
    );
    await gateway.dial(port);
    expect(await running).toMatchObject({ acknowledged: 2, connections: 2 });
    await gateway.stop();
  });

  it("waits for a gateway that is not there yet", async () => {
    const gateway = new ScriptedGateway();
    await gateway.start();
    const { port } = gateway;
    await gateway.stop();
    const running = runScanner(optionsFor(gateway, [], {}), new AbortController().signal);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await gateway.start(port);
    expect(await running).toMatchObject({ acknowledged: 1 });
    await gateway.stop();
  });
});
