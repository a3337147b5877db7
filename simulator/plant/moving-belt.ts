import { sleep } from "../backoff.ts";
import type { BarcodeReader } from "../peripherals/barcode-reader.ts";
import type { Portal } from "../peripherals/portal.ts";
import type { Scale } from "../peripherals/scale.ts";
import { type ItemBelt, passPortal } from "../scanner/belt.ts";
import { type FaultScript, NO_FAULTS, type ScanFaults } from "../scanner/faults.ts";
import type { PreparedScan } from "../scanner/prepared.ts";
import type { Announced } from "../scanner/queue.ts";
import { Plant } from "./plant.ts";

/** Where things stand, mm from the entry eye. */
export const STATIONS = {
  scale: 600,
  label: 1200,
  portal: 1350,
  eye2: 1700,
  xray: 2000,
  diverter: 6000,
} as const;
/** An item is between the portal's pillars while its middle is so near to them, mm. */
export const PORTAL_HALF_MM = 250;
/** How long it takes to pass them at the speed of life, slices of the portal. */
const PORTAL_SLICES = 3;
/** Half the scale's platform: the item is weighed while its middle is over it, mm. */
export const PLATFORM_HALF_MM = 400;
/** From one item's front to the next, mm. */
const ITEM_PITCH_MM = 2000;
/** The scanner begins this long before an item and ends this long after it, mm. */
const MARGIN_MM = 12;
/** An item is put on the belt this long before the entry eye at least, mm. */
const FEED_MM = 100;
/** The feeder looks ahead so far, mm: items then lie evenly, however late the plant was looked at. */
const FEED_AHEAD_MM = 500;
/** The belt runs empty for so long before its first item, mm: whatever lay on it before the gateway looked is past. */
const CLEAR_MM = STATIONS.xray + 500;
/** The plant is looked at this often, ms. */
const TICK_MS = 2;
/** Without the gateway's heartbeat for so long the belt stops, ms. */
const WATCHDOG_MS = 1000;
/** Somebody sees to a belt that was stopped, and lets it run again, after this, ms. */
const ATTENDED_MS = 1500;
/** How long the first item waits for somebody to listen to each device, ms. */
const CLIENT_TIMEOUT_MS = 5000;

interface Riding {
  readonly item: Announced;
  readonly frontMm: number;
  readonly lengthMm: number;
  wanted: boolean;
  weighed: "not yet" | "lies" | "done";
  read: boolean;
  screened: boolean;
}

interface Waiter {
  readonly mm: number;
  readonly done: () => void;
}

export interface MovingBeltOptions {
  readonly scale: Scale | null;
  readonly reader: BarcodeReader | null;
  readonly portal?: Portal | null;
  /** What radiates, and when the portal is faulty. */
  readonly faults?: FaultScript;
  /** Items per second; the belt runs as fast as that needs. */
  readonly rate: number;
  /** An item has left the belt. */
  readonly left: (scanRef: string, diverted: boolean) => void;
}

/**
 * A belt that carries several items at once past entry eye, scale, reader, portal, X-ray plane and diverter. It starts empty, its
 * first item comes when the gateway listens, and it waits when an item reaches the machine before the machine is ready, and
 * when the gateway's heartbeat stands still.
 */
export class MovingBelt implements ItemBelt {
  readonly plant: Plant;
  readonly overheadMs = 0;
  readonly #options: MovingBeltOptions;
  readonly #feed: Announced[] = [];
  readonly #riding: Riding[] = [];
  /** Not on the belt yet, and nobody will wait for them at the machine. */
  readonly #unwanted = new Set<PreparedScan>();
  #waiters: Waiter[] = [];
  #lastFrontMm = Number.NEGATIVE_INFINITY;
  /** From where on items are put on it. */
  #clearMm = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #start = 0;
  #stoppedAt: number | null = null;
  #told = { diverted: 0, passed: 0 };
  /** One item at a time is between the pillars. */
  #screening: Promise<void> = Promise.resolve();

  constructor(options: MovingBeltOptions) {
    this.#options = options;
    const layout = {
      eyes: new Map([
        ["eye", 0],
        ["eye2", STATIONS.eye2],
      ]),
      diverterMm: STATIONS.diverter,
      speedMmS: ITEM_PITCH_MM * options.rate,
      watchdogMs: WATCHDOG_MS,
    };
    this.plant = new Plant(layout, performance.now());
  }

  get speedMmS(): number {
    return ITEM_PITCH_MM * this.#options.rate;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const { done } of this.#waiters.splice(0)) done();
  }

  /** Everything that rode has left the belt. */
  get empty(): boolean {
    return this.#feed.length === 0 && this.#told.diverted + this.#told.passed === this.#start;
  }

  async untilHeard(signal: AbortSignal): Promise<void> {
    await this.#options.scale?.untilClient(CLIENT_TIMEOUT_MS, signal);
    await this.#options.reader?.untilClient(CLIENT_TIMEOUT_MS, signal);
    await this.#options.portal?.untilClient(CLIENT_TIMEOUT_MS, signal);
    const deadline = performance.now() + CLIENT_TIMEOUT_MS;
    while (!this.plant.watched && !signal.aborted && performance.now() < deadline)
      await sleep(TICK_MS, signal);
    this.#clearMm = Math.min(this.#clearMm, this.plant.mm + CLEAR_MM);
  }

  announced(item: Announced): void {
    this.#feed.push(item);
  }

  async bring(item: PreparedScan, _faults: ScanFaults, signal: AbortSignal): Promise<void> {
    const riding = () => this.#riding.find((each) => each.item.prepared === item);
    while (riding() === undefined && !signal.aborted) await this.#moved(0.1, signal);
    const found = riding();
    if (found === undefined) return;
    found.wanted = true;
    await this.#until(found.frontMm + STATIONS.xray - MARGIN_MM, signal);
  }

  entered(): void {}

  leave(item: PreparedScan): void {
    const at = this.#riding.findIndex((each) => each.item.prepared === item);
    if (at >= 0) this.#riding.splice(at, 1);
    else this.#unwanted.add(item);
  }

  /** Resolves when the line has passed the X-ray plane. */
  async pace(item: PreparedScan, line: number, signal: AbortSignal): Promise<void> {
    const riding = this.#riding.find((each) => each.item.prepared === item);
    if (riding === undefined) return;
    const began = riding.frontMm + STATIONS.xray - MARGIN_MM;
    await this.#until(began + line * item.pixelPitchMm.x, signal);
  }

  #tick(): void {
    const { plant } = this;
    plant.advance(performance.now());
    this.#load();
    for (const riding of this.#riding) this.#serve(riding);
    const atMachine = (riding: Riding) => plant.mm >= riding.frontMm + STATIONS.xray - 2 * MARGIN_MM;
    plant.setHold(this.#riding.some((riding) => !riding.wanted && atMachine(riding)));
    this.#forgetPassed();
    this.#attend();
    this.#tellLeft();
    const due = this.#waiters.filter(({ mm }) => mm <= plant.mm);
    this.#waiters = this.#waiters.filter(({ mm }) => mm > plant.mm);
    for (const { done } of due) done();
  }

  /** What nobody waited for at the machine has gone through it unseen. */
  #forgetPassed(): void {
    const [first] = this.#riding;
    if (first !== undefined && this.plant.mm > first.frontMm + first.lengthMm + STATIONS.xray + ITEM_PITCH_MM)
      this.#riding.shift();
  }

  #attend(): void {
    if (!this.plant.stopped) this.#stoppedAt = null;
    else if (this.#stoppedAt === null) this.#stoppedAt = performance.now();
    else if (performance.now() - this.#stoppedAt > ATTENDED_MS) this.plant.reset();
  }

  #load(): void {
    const { plant } = this;
    const [item] = this.#feed;
    const frontMm = Math.max(this.#lastFrontMm + ITEM_PITCH_MM, this.#clearMm, plant.mm + FEED_MM);
    if (item === undefined || frontMm > plant.mm + FEED_AHEAD_MM) return;
    const lengthMm = item.prepared.width * item.prepared.pixelPitchMm.x - 2 * MARGIN_MM;
    if (!plant.place(item.scanRef, lengthMm, frontMm - plant.mm)) return;
    this.#feed.shift();
    this.#lastFrontMm = frontMm;
    this.#start += 1;
    this.#riding.push({
      item,
      frontMm,
      lengthMm,
      wanted: this.#unwanted.delete(item.prepared),
      weighed: "not yet",
      read: false,
      screened: false,
    });
  }

  #serve(riding: Riding): void {
    const { scale, reader } = this.#options;
    const middle = this.plant.mm - riding.frontMm - riding.lengthMm / 2;
    if (riding.weighed === "not yet" && middle >= STATIONS.scale - PLATFORM_HALF_MM) {
      scale?.put(riding.item.prepared.truth.massKg);
      riding.weighed = "lies";
    } else if (riding.weighed === "lies" && middle >= STATIONS.scale + PLATFORM_HALF_MM) {
      scale?.put(0);
      riding.weighed = "done";
    }
    if (!riding.read && middle >= STATIONS.label) {
      riding.read = true;
      reader?.read(riding.item.prepared.truth.label);
    }
    if (!riding.screened && middle >= STATIONS.portal - PORTAL_HALF_MM) {
      riding.screened = true;
      this.#screen(riding.item.prepared.index);
    }
  }

  #screen(index: number): void {
    const { portal = null, faults } = this.#options;
    if (portal === null) return;
    const own = faults?.forScan(index) ?? NO_FAULTS;
    this.#screening = this.#screening.then(() => passPortal(portal, own, PORTAL_SLICES));
  }

  #tellLeft(): void {
    const { diverted, passed } = this.plant;
    for (; this.#told.diverted < diverted.length; this.#told.diverted++)
      this.#options.left(diverted[this.#told.diverted] as string, true);
    for (; this.#told.passed < passed.length; this.#told.passed++)
      this.#options.left(passed[this.#told.passed] as string, false);
  }

  #moved(mm: number, signal: AbortSignal): Promise<void> {
    return this.#until(this.plant.mm + mm, signal);
  }

  #until(mm: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#timer === null || this.plant.mm >= mm) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      this.#waiters.push({ mm, done });
    });
  }
}
