import { sleep } from "../backoff.ts";
import { type Address, formatAddress } from "../peripherals/address.ts";
import { BarcodeReader } from "../peripherals/barcode-reader.ts";
import { Portal, SLICE_MS } from "../peripherals/portal.ts";
import { Scale } from "../peripherals/scale.ts";
import { PlantController } from "../plant/controller.ts";
import { MovingBelt } from "../plant/moving-belt.ts";
import { Random } from "../random.ts";
import { Belt } from "./belt.ts";
import { ConnectingEndpoint, ListeningEndpoint } from "./endpoint.ts";
import type { FaultScript } from "./faults.ts";
import { type Announced, Queue } from "./queue.ts";
import type { ScannerReport, ScannerSummary } from "./report.ts";
import { Scanner } from "./scanner.ts";
import { ScanSource } from "./source.ts";
import { TruthFile } from "./truth.ts";

/** After SIGINT or SIGTERM what is kept may be acknowledged for this long, ms. */
const DRAIN_MS = 3000;
/** From an item's announcement to its scan at least, ms: time for its declaration to come. */
export const LEAD_MS = 1000;
/** Items per second of a lane in life; faster runs on a conveyor let belt, scale and portal go as much faster. */
const LIFE_RATE = 0.5;

export interface RunOptions {
  readonly listen: Address | null;
  readonly connect: Address | null;
  readonly barcode: Address | null;
  readonly scale: Address | null;
  /** The belt's controller: items then ride a belt with photo-eyes and a diverter. */
  readonly conveyor?: Address | null;
  /** Absent: no radiation portal. */
  readonly radiation?: Address | null;
  /** Items; Infinity: until stopped. */
  readonly scans: number;
  /** Items per second. */
  readonly rate: number;
  readonly seed: number;
  readonly truth: string | null;
  readonly faults: FaultScript;
  readonly report: (report: ScannerReport) => void;
  /** {@link LEAD_MS} unless given. */
  readonly leadMs?: number;
}

/**
 * Runs a scanner lane with its peripherals until all scans are acknowledged. `stop` asks it to take no new item and to
 * end soon; the summary then says what is outstanding.
 */
export async function runScanner(options: RunOptions, stop: AbortSignal): Promise<ScannerSummary> {
  const serial = `SIM-${options.seed}`;
  const reader = options.barcode === null ? null : new BarcodeReader({ address: options.barcode });
  const pace = options.conveyor ? Math.max(1, options.rate / LIFE_RATE) : 1;
  const scale =
    options.scale === null ? null : new Scale({ address: options.scale, seed: options.seed, serial, pace });
  const { radiation = null } = options;
  const portal =
    radiation === null
      ? null
      : new Portal({ address: radiation, seed: options.seed, sliceMs: SLICE_MS / pace });
  const endpoint = makeEndpoint(options);
  const source = new ScanSource({ seed: options.seed, count: options.scans });
  const truth = options.truth === null ? null : new TruthFile(options.truth);
  const moving = options.conveyor
    ? new MovingBelt({
        scale,
        reader,
        portal,
        faults: options.faults,
        rate: options.rate,
        left: (scanRef, diverted) => leftBelt(options, scanRef, diverted),
      })
    : null;
  const controller =
    moving === null || !options.conveyor
      ? null
      : new PlantController({ address: options.conveyor, plant: moving.plant, now: () => performance.now() });
  // Two runs of one seed are other scans to a gateway, so their references differ.
  const prefix = `${serial}-${Date.now().toString(36)}`;
  const announced = moving === null ? undefined : (item: Announced) => moving.announced(item);
  const queue = new Queue({
    source,
    truth,
    prefix,
    leadMs: options.leadMs ?? LEAD_MS,
    rate: options.rate,
    announced,
  });
  const belt = moving ?? new Belt({ scale, reader, portal });
  const scanner = new Scanner({ ...options, endpoint, belt, queue, serial });
  const end = new AbortController();
  const drain = () => {
    scanner.drain();
    setTimeout(() => end.abort(), DRAIN_MS).unref();
  };
  try {
    await truth?.start();
    options.report({
      event: "listening",
      scanner: options.listen === null ? null : formatAddress(await endpoint.start()),
      barcode: reader === null ? null : formatAddress(await reader.start()),
      scale: scale === null ? null : formatAddress(await scale.start()),
      ...(portal === null ? {} : { radiation: formatAddress(await portal.start()) }),
      ...(controller === null ? {} : { conveyor: formatAddress(await controller.start()) }),
    });
    source.start();
    moving?.start();
    const announcing = queue.run(end.signal);
    if (stop.aborted) drain();
    else stop.addEventListener("abort", drain, { once: true });
    const summary = await scanner.run(end.signal);
    await untilEmpty(moving, end.signal);
    end.abort();
    await source.stop();
    await announcing;
    options.report({ event: "summary", ...summary });
    return summary;
  } finally {
    end.abort();
    moving?.stop();
    await Promise.all([
      controller?.stop(),
      source.stop(),
      endpoint.stop(),
      reader?.stop(),
      scale?.stop(),
      portal?.stop(),
      truth?.stop(),
    ]);
  }
}

/** What is past the machine rides on to the diverter. */
async function untilEmpty(belt: MovingBelt | null, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + DRAIN_MS * 3;
  while (belt !== null && !belt.empty && !signal.aborted && performance.now() < deadline)
    await sleep(20, signal);
}

function leftBelt({ report }: RunOptions, scanRef: string, diverted: boolean): void {
  report({ event: "left", at: new Date().toISOString(), scanRef, diverted });
}

function makeEndpoint(options: RunOptions): ConnectingEndpoint | ListeningEndpoint {
  if (options.listen !== null) return new ListeningEndpoint({ address: options.listen });
  const address = options.connect ?? { host: "127.0.0.1", port: 0 };
  return new ConnectingEndpoint({ address, random: new Random(options.seed, "endpoint") });
}
