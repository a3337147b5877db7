import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ItemKnowledge } from "../../device/lane/item.ts";
import type { LateReading } from "../../device/lane/item-tracker.ts";
import { Tracker } from "../../device/lane/tracker.ts";
import { SILENT_LOG } from "../../device/log.ts";
import { openPeripheral } from "../../device/peripheral/open.ts";
import type { Peripheral } from "../../device/peripheral/port.ts";
import { openTransport } from "../../device/transport/open.ts";
import { simulateScan } from "../../simulator/scan.ts";
import { type Fault, FaultScript } from "../../simulator/scanner/faults.ts";
import type { ScannerReport, ScannerSummary } from "../../simulator/scanner/report.ts";
import { runScanner } from "../../simulator/scanner/run.ts";
import {
  type CaptureRig,
  captureRig,
  type SpoolRig,
  spoolRig,
  storedPlane,
} from "../fixtures/capture-rig.ts";

const SEED = 23;
/** Runs at most until one was not disturbed by what else the machine does. */
const TRIES = 5;
let disk: SpoolRig;
let folder: string;
beforeAll(async () => {
  disk = await spoolRig();
  folder = mkdtempSync(join(tmpdir(), "lynceus-lane-"));
});
afterAll(async () => {
  await disk.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  readonly scanRef: string;
  readonly scanId: string;
  known: ItemKnowledge;
}

interface LaneRun {
  readonly summary: ScannerSummary;
  readonly rig: CaptureRig;
  /** What the lane knew of each item in the end, by scanRef. */
  readonly told: ReadonlyMap<string, Told>;
  readonly truth: readonly Truth[];
}

interface Truth {
  readonly scanRef: string;
  readonly index: number;
  readonly massKg: number;
  readonly identifiers: readonly { value: string }[];
}

/** A simulated lane with reader and scale, and the gateway's capture side with its tracker, all over real sockets. */
async function runLane(name: string, scans: number, faults: readonly Fault[]): Promise<LaneRun> {
  const truthFile = join(folder, `${name}.ndjson`);
  const anyPort = { host: "127.0.0.1", port: 0 };
  const listening = Promise.withResolvers<Extract<ScannerReport, { event: "listening" }>>();
  const running = runScanner(
    {
      listen: anyPort,
      connect: null,
      barcode: anyPort,
      scale: anyPort,
      scans,
      rate: 2,
      seed: SEED,
      truth: truthFile,
      faults: new FaultScript(faults),
      report: (report) => report.event === "listening" && listening.resolve(report),
      leadMs: 0,
    },
    new AbortController().signal,
  );
  const at = await listening.promise;
  const tracker = new Tracker({ expects: ["barcode", "scale"] });
  const told = new Map<string, Told>();
  const rig = await captureRig(disk.spool, {
    url: `tcp://${at.scanner}`,
    item: (capture) => {
      const known = tracker.bind(capture);
      told.set(capture.key.scanRef, { scanRef: capture.key.scanRef, scanId: capture.scanId, known });
      return known;
    },
  });
  rig.driver.onScanStart((start) => tracker.scanStarted(start));
  rig.driver.onScanEnd((end) => tracker.scanEnded(end));
  rig.driver.onScanLost((loss) => tracker.scanLost(loss));
  const common = { clock: Date.now, log: SILENT_LOG };
  const peripherals: Peripheral[] = [
    openPeripheral({
      id: "label",
      kind: "barcode",
      protocol: "line",
      transport: openTransport(`tcp://${at.barcode}`),
      ...common,
    }),
    openPeripheral({
      id: "scale",
      kind: "scale",
      protocol: "mt-sics",
      transport: openTransport(`tcp://${at.scale}`),
      ...common,
    }),
  ];
  const update = (late: LateReading | null) => {
    const item = [...told.values()].find(({ scanId }) => scanId === late?.scanId);
    if (item !== undefined && late !== null) item.known = late.update;
  };
  for (const peripheral of peripherals) {
    peripheral.onReading((reading) => update(tracker.reading(reading)));
    peripheral.start();
  }
  try {
    const summary = await running;
    // What the last item's readings were late by, on a busy machine, is settled when nothing else can claim them.
    update(tracker.settle(Number.MAX_SAFE_INTEGER));
    return {
      summary,
      rig,
      told,
      truth: readFileSync(truthFile, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Truth),
    };
  } finally {
    await Promise.all(peripherals.map((peripheral) => peripheral.stop()));
    await rig.stop();
  }
}

/** The stored planes are those of the simulation, to the last count. */
async function expectIntact(scanId: string, index: number): Promise<void> {
  const simulated = simulateScan({ seed: SEED, index, mix: "traffic" });
  const stored = await disk.spool.scan(scanId);
  for (const { energy, samples } of simulated.planes) {
    const plane = stored!.scan.planes.find((each) => each.energy === energy)!;
    const columns = await storedPlane(stored!.scan.directory, plane);
    expect(plane).toMatchObject({ width: simulated.width, height: simulated.height });
    let wrong = 0;
    for (let x = 0; x < simulated.width; x++) {
      for (let y = 0; y < simulated.height; y++) {
        if (columns[x * simulated.height + y] !== samples[y * simulated.width + x]) wrong += 1;
      }
    }
    expect(wrong).toBe(0);
  }
}

/** No reading of another item is tied to it. */
function expectOwn({ told }: LaneRun, item: Truth): void {
  const { known } = told.get(item.scanRef)!;
  const own = item.identifiers.map(({ value }) => value);
  for (const { value } of known.identifiers) expect(own).toContain(value);
  if (known.measured.massKg !== null) expect(known.measured.massKg).toBeCloseTo(item.massKg, 2);
}

/** An item's readings could not be told from its neighbour's, or came after all had settled. */
function isUncertain({ told, truth }: LaneRun): boolean {
  return truth.some(({ scanRef, identifiers }) => {
    const { known } = told.get(scanRef)!;
    const whole = known.identifiers.length === identifiers.length && known.measured.massKg !== null;
    return known.trackingAmbiguous || !whole;
  });
}

describe("a simulated lane", () => {
  const CLEAN: readonly Fault[] = [
    { kind: "duplicate-reading", scan: 1, device: "barcode" },
    { kind: "duplicate-reading", scan: 2, device: "scale" },
    { kind: "reorder-readings", scan: 3, order: "after-scan-start" },
    { kind: "reorder-readings", scan: 4, order: "label-first" },
  ];

  it("is captured whole, each item with its own label and mass", { timeout: 300_000 }, async () => {
    let run = await runLane("clean", 5, CLEAN);
    // What a busy machine delivers too late is said to be uncertain, and nothing is tied wrongly: it has another try.
    for (let tries = 1; tries < TRIES && isUncertain(run); tries += 1) {
      for (const item of run.truth) expectOwn(run, item);
      run = await runLane(`clean-${tries}`, 5, CLEAN);
    }
    const { summary, told, truth, rig } = run;
    expect(summary).toMatchObject({ scans: 5, acknowledged: 5, outstanding: 0 });
    for (const item of truth) {
      const { known, scanId } = told.get(item.scanRef)!;
      expect(known.trackingAmbiguous).toBe(false);
      expect(known.identifiers.map(({ value }) => value)).toEqual(item.identifiers.map(({ value }) => value));
      expect(known.measured.massKg).toBeCloseTo(item.massKg, 2);
      await expectIntact(scanId, item.index);
    }
    expect(rig.events).toEqual([]);
  });

  it("with every fault of link and frames loses no scan and ties no item to another's readings", async () => {
    const run = await runLane("faulty", 10, [
      { kind: "wrong-crc", scan: 0, frame: 5 },
      { kind: "torn-frame", scan: 1, frame: 7 },
      { kind: "oversize-length", scan: 2, frame: 3 },
      { kind: "out-of-order", scan: 3, frame: 4 },
      { kind: "missing-lines", scan: 4, energy: 1, from: 30, to: 55 },
      { kind: "cut-link", scan: 5, frame: 6 },
      { kind: "wrong-crc", scan: 6, frame: 0 },
      { kind: "missing-reading", scan: 7, device: "barcode" },
      { kind: "missing-reading", scan: 8, device: "scale" },
    ]);
    const { summary, told, truth, rig } = run;
    expect(summary).toMatchObject({ scans: 10, acknowledged: 10, givenUp: 0, outstanding: 0 });
    expect(rig.taken.filter(({ accepted }) => accepted.outcome === "new")).toHaveLength(10);
    const ambiguousAfter = (index: number) =>
      truth.some((next) => next.index === index + 1 && told.get(next.scanRef)!.known.trackingAmbiguous);
    let tied = 0;
    for (const item of truth) {
      const { known } = told.get(item.scanRef)!;
      expectOwn(run, item);
      const whole = known.identifiers.length > 0 && known.measured.massKg !== null;
      if (whole) tied += 1;
      // A reading that a busy machine delivers after its grace is found in the next item's interval, which says so.
      else if (![7, 8].includes(item.index))
        expect(known.trackingAmbiguous || ambiguousAfter(item.index), `item ${item.index}`).toBe(true);
      const { accepted } = rig.taken.find(({ capture }) => capture.key.scanRef === item.scanRef)!;
      await expectIntact(accepted.scan.scanId, item.index);
    }
    // Only the scans that were lost on the way, and the one after each, may go without.
    expect(tied).toBeGreaterThanOrEqual(4);
  });
});
