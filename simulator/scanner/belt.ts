import { sleep } from "../backoff.ts";
import type { BarcodeReader } from "../peripherals/barcode-reader.ts";
import { type Portal, SLICE_MS } from "../peripherals/portal.ts";
import type { Scale } from "../peripherals/scale.ts";
import { SETTLE_MS } from "../peripherals/weighing.ts";
import type { ScanFaults } from "./faults.ts";
import type { PreparedScan } from "./prepared.ts";
import type { Announced } from "./queue.ts";

/** After the weight is stable the item lies this much longer, so that a scale that is asked ten times a second is heard. */
const LIE_MS = 120;
/** From the label's reading to the first line, ms. */
const LABEL_TO_SCAN_MS = 60;
/** Between two readings of the same label, ms. */
const TWICE_MS = 15;
/** How long the first item waits for somebody to listen to a peripheral, ms. */
const CLIENT_TIMEOUT_MS = 5000;

/** How long an item is between the pillars of the portal, slices. */
const PORTAL_SLICES = 6;
/** From the end of an item's passage to the scale, ms. */
const PORTAL_TO_SCALE_MS = 20;

/** What brings items to the X-ray plane. */
export interface ItemBelt {
  /** What an item needs before it is scanned, ms. */
  readonly overheadMs: number;
  /** mm/s, where the belt has a speed of its own. */
  readonly speedMmS?: number;
  /** Waits a while for somebody to listen, so that the readings of the first item are not said to an empty room. */
  untilHeard(signal: AbortSignal): Promise<void>;
  /** An item will come. */
  announced?(item: Announced): void;
  /** Resolves when the item is about to be under the detector. */
  bring(item: PreparedScan, faults: ScanFaults, signal: AbortSignal): Promise<void>;
  /** The item's first lines are taken. */
  entered(item: PreparedScan, faults: ScanFaults): void;
  /** Resolves when so many lines of the item have passed; without it, lines pass at the detector's speed. */
  pace?(item: PreparedScan, line: number, signal: AbortSignal): Promise<void>;
  /** The item has left the detector, or nobody waits for it there any more: the link was lost before it came. */
  leave(item: PreparedScan): void;
}

/** The stretch of belt before the X-ray tunnel, one item at a time: the radiation portal, the scale, then the barcode reader. */
export class Belt implements ItemBelt {
  readonly #scale: Scale | null;
  readonly #reader: BarcodeReader | null;
  readonly #portal: Portal | null;

  constructor(options: {
    readonly scale: Scale | null;
    readonly reader: BarcodeReader | null;
    readonly portal?: Portal | null;
  }) {
    this.#scale = options.scale;
    this.#reader = options.reader;
    this.#portal = options.portal ?? null;
  }

  get overheadMs(): number {
    const portalMs = this.#portal === null ? 0 : PORTAL_SLICES * SLICE_MS + PORTAL_TO_SCALE_MS;
    const scaleMs = this.#scale === null ? 0 : SETTLE_MS + LIE_MS;
    return portalMs + scaleMs + (this.#reader === null ? 0 : LABEL_TO_SCAN_MS);
  }

  async untilHeard(signal: AbortSignal): Promise<void> {
    await this.#scale?.untilClient(CLIENT_TIMEOUT_MS, signal);
    await this.#reader?.untilClient(CLIENT_TIMEOUT_MS, signal);
    await this.#portal?.untilClient(CLIENT_TIMEOUT_MS, signal);
  }

  /** An item comes: it is weighed, its label is read, and soon it is under the detector. */
  async bring(item: PreparedScan, faults: ScanFaults, signal: AbortSignal): Promise<void> {
    await this.#screen(faults, signal);
    const labelFirst = faults.of("reorder-readings").some((fault) => fault.order === "label-first");
    if (labelFirst) await this.#read(item, faults, signal);
    await this.#weigh(item, faults, signal);
    if (!labelFirst && !labelLate(faults)) await this.#read(item, faults, signal);
  }

  /** The item's first lines are taken: only now is a late label read. */
  entered(item: PreparedScan, faults: ScanFaults): void {
    if (labelLate(faults)) this.#say(item, faults);
  }

  /** The item has left the scale. */
  leave(): void {
    this.#scale?.put(0);
  }

  async #screen(faults: ScanFaults, signal: AbortSignal): Promise<void> {
    if (this.#portal === null) return;
    await passPortal(this.#portal, faults, PORTAL_SLICES, signal);
    await sleep(PORTAL_TO_SCALE_MS, signal);
  }

  async #weigh(item: PreparedScan, faults: ScanFaults, signal: AbortSignal): Promise<void> {
    const scale = this.#scale;
    if (scale === null || isMissing(faults, "scale")) return;
    scale.put(item.truth.massKg);
    await sleep(SETTLE_MS + LIE_MS, signal);
    if (!isDoubled(faults, "scale")) return;
    scale.put(item.truth.massKg);
    await sleep(SETTLE_MS + LIE_MS, signal);
  }

  async #read(item: PreparedScan, faults: ScanFaults, signal: AbortSignal): Promise<void> {
    if (this.#reader === null) return;
    this.#say(item, faults);
    if (isDoubled(faults, "barcode")) {
      await sleep(TWICE_MS, signal);
      this.#say(item, faults);
    }
    await sleep(LABEL_TO_SCAN_MS, signal);
  }

  #say(item: PreparedScan, faults: ScanFaults): void {
    if (!isMissing(faults, "barcode")) this.#reader?.read(item.truth.label);
  }
}

/** An item passes the portal, as the fault script has it. */
export async function passPortal(
  portal: Portal,
  faults: ScanFaults,
  slices: number,
  signal?: AbortSignal,
): Promise<void> {
  const radiates = (channel: "gamma" | "neutron") =>
    faults.of("radiation-alarm").some((fault) => fault.channel === channel) ? "alarm" : "normal";
  const [broken] = faults.of("radiation-fault");
  if (broken !== undefined) portal.trouble(broken.what);
  await portal.pass({ gamma: radiates("gamma"), neutron: radiates("neutron"), slices }, signal);
  if (broken !== undefined) portal.trouble("none");
}

function labelLate(faults: ScanFaults): boolean {
  return faults.of("reorder-readings").some((fault) => fault.order === "after-scan-start");
}

function isMissing(faults: ScanFaults, device: "barcode" | "scale"): boolean {
  return faults.of("missing-reading").some((fault) => fault.device === device);
}

function isDoubled(faults: ScanFaults, device: "barcode" | "scale"): boolean {
  return faults.of("duplicate-reading").some((fault) => fault.device === device);
}
