import type { Decision } from "../../protocols/vocabulary.ts";
import type { Alert } from "../alerts.ts";
import type { Outputs } from "./outputs.ts";
import type { BeltOutput } from "./port.ts";

/** What the belt does on an alarm or a fault (`cli.md`, `lanes[].belt`). */
export type BeltAction = "none" | "divert" | "stop";

/** Stretch of belt, mm. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface BeltActionsOptions {
  readonly lane: string;
  readonly outputs: Outputs;
  readonly has: (output: BeltOutput) => boolean;
  readonly onAlarm: BeltAction;
  readonly onFault: BeltAction;
  /** Where the item of a scan passes the diverter, mm of belt; null: not known. Absent: the lane does not track its items. */
  readonly passage?: (scanId: string) => Stretch | null;
  /** `stop` stays until people reset the plant, who say so; else it is a pulse that the plant itself holds. */
  readonly latches: boolean;
  readonly alert: (alert: Alert) => void;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/** Items between X-ray plane and diverter, at most; the oldest is acted on as undecided. */
export const MAX_ITEMS = 256;
/** An output that nothing else ends is let go after this, ms. */
export const PULSE_MS = 1_000;

/** The diverter is told this long before the item comes, ms: the plant takes its word between two polls. */
export const LEAD_MS = 150;

interface Item {
  readonly scanId: string;
  action: BeltAction | null;
  diverting: boolean;
  /** The diverter had moved before the item could be at it. */
  sure: boolean;
}

/**
 * Lets the belt act on the first hit of a scan: `stop` at once, `divert` while the item passes the diverter. An item that
 * reaches the diverter undecided is a fault and acted on as one; an alarm whose item cannot be told from its neighbours, now or
 * any more, or that passed before the plant had taken the word, stops the belt, for the wrong parcel set aside lets the right
 * one through.
 */
export class BeltActions {
  readonly #options: BeltActionsOptions;
  readonly #timers = new Map<BeltOutput, NodeJS.Timeout>();
  readonly #speed = new Speed();
  #items: Item[] = [];
  #mm: number | null = null;

  constructor(options: BeltActionsOptions) {
    this.#options = options;
  }

  /** A scan was captured: its item is on its way to the diverter. */
  captured(scanId: string): void {
    if (this.#items.some((item) => item.scanId === scanId)) return;
    this.#items.push({ scanId, action: null, diverting: false, sure: false });
    const [oldest] = this.#items;
    if (oldest === undefined || this.#items.length <= MAX_ITEMS) return;
    this.#lose(oldest, "too many items are on the belt");
    this.#forget(oldest);
  }

  /** The first hit of a scan; later ones change nothing. */
  async decided(scanId: string, decision: Decision): Promise<void> {
    const item = this.#items.find((each) => each.scanId === scanId);
    if (item === undefined || item.action !== null) return;
    item.action = this.#actionFor(decision);
    // Where items are followed, one that rides on is remembered until it is past the diverter, which must not move before.
    if (item.action !== "none") await this.#act(item, item.action);
    else if (this.#options.passage === undefined) this.#forget(item);
  }

  /** The belt stands at `mm`. */
  moved(mm: number): void {
    this.#mm = mm;
    const { passage, outputs, now } = this.#options;
    this.#speed.take(now(), mm);
    outputs.tick();
    if (passage === undefined || this.#items.length === 0) return;
    for (const item of [...this.#items]) this.#atDiverter(item, passage(item.scanId), mm);
    const wanted = this.#items.some(({ diverting }) => diverting);
    if (wanted !== outputs.isOn("divert") && !this.#timers.has("divert")) void outputs.want("divert", wanted);
  }

  /** The plant's link is gone, and with it what is known of the belt: what was to be set aside may pass. */
  away(): void {
    this.#mm = null;
    for (const item of this.#items.filter(({ action }) => action === "divert"))
      void this.#unsure(item, "the plant does not answer", this.#options.now());
  }

  /** People have reset the plant: a latched stop is over. */
  reset(): void {
    if (this.#options.latches && this.#options.outputs.isOn("stop"))
      void this.#options.outputs.want("stop", false);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #actionFor(decision: Decision): BeltAction {
    if (decision === "ALARM") return this.#options.onAlarm;
    return decision === "UNKNOWN" ? this.#options.onFault : "none";
  }

  #atDiverter(item: Item, stretch: Stretch | null, mm: number): void {
    if (stretch === null) this.#lose(item, "it is not known any more where it is");
    else if (mm > stretch.to) this.#passed(item);
    else if (mm >= stretch.from && item.action === null) this.#undecided(item);
    else if (item.action === "divert") this.#comes(item, stretch, mm);
  }

  /** An item that is to be set aside comes near: the diverter moves as soon as nothing else can be at it. */
  #comes(item: Item, stretch: Stretch, mm: number): void {
    const lead = this.#speed.mmPerMs * LEAD_MS;
    if (mm >= stretch.from || (mm >= stretch.from - lead && !this.#isOccupied(item, mm)))
      item.diverting = true;
    if (item.diverting && mm <= stretch.from && this.#options.outputs.hasTaken("divert")) item.sure = true;
  }

  /** Whether an item that rides on may still be at the diverter. */
  #isOccupied(before: Item, mm: number): boolean {
    const { passage } = this.#options;
    const ahead = this.#items.slice(0, this.#items.indexOf(before));
    return ahead.some(({ action, scanId }) => action !== "divert" && mm <= (passage?.(scanId)?.to ?? mm));
  }

  #passed(item: Item): void {
    // Not decided yet, and the belt does nothing about it: should it alarm, it will be told that it went on.
    if (item.action === null) return;
    if (item.action !== "divert" || item.sure) this.#forget(item);
    else void this.#unsure(item, "it came before the diverter had surely moved", this.#options.now());
  }

  /** Nothing tells where the item is: one that should go aside stops the belt, an undecided one is a fault. */
  #lose(item: Item, why: string): void {
    if (item.action === "divert") void this.#unsure(item, why, this.#options.now());
    else if (item.action === null) this.#undecided(item);
    else this.#forget(item);
  }

  #undecided(item: Item): void {
    const { onFault, lane, alert, now } = this.#options;
    if (onFault === "none") return;
    this.#forget(item);
    alert({
      code: "BELT_UNDECIDED",
      severity: "warning",
      message: `An item reached the diverter before its hit; the belt does what onFault says: ${onFault}`,
      remedy: "Set the diverter further from the machine, slow the belt, or give the gateway fewer models.",
      lane,
      scanId: item.scanId,
    });
    void this.#pulse(onFault, now());
  }

  async #act(item: Item, action: "divert" | "stop"): Promise<void> {
    const began = this.#options.now();
    const { passage } = this.#options;
    if (action === "stop" || passage === undefined) {
      this.#forget(item);
      await this.#pulse(action, began);
      return;
    }
    const stretch = passage(item.scanId);
    if (stretch === null) await this.#unsure(item, "it cannot be told from its neighbours", began);
    else if (this.#mm === null) await this.#unsure(item, "the plant does not answer", began);
    else if (this.#mm > stretch.to) await this.#unsure(item, "it has passed the diverter", began);
    else this.moved(this.#mm);
  }

  /** An item that should be set aside, and cannot: the belt stops where it can, and somebody is told. */
  async #unsure(item: Item, why: string, began: number): Promise<void> {
    const { alert, lane, has } = this.#options;
    this.#forget(item);
    const stops = has("stop");
    alert({
      code: "BELT_NOT_DIVERTED",
      severity: "critical",
      message: `An item should be set aside, but ${why}${stops ? "; the belt is stopped" : ""}`,
      remedy: "Look for the item by its scan at the end of the belt.",
      lane,
      scanId: item.scanId,
    });
    if (stops) await this.#pulse("stop", began);
  }

  /** Sets an output for a while, or until people reset the plant; asked again meanwhile, the while begins anew. */
  async #pulse(output: BeltOutput, began: number): Promise<void> {
    const { outputs, latches } = this.#options;
    clearTimeout(this.#timers.get(output));
    if (output !== "stop" || !latches) {
      const release = () => {
        this.#timers.delete(output);
        void outputs.want(output, false);
      };
      this.#timers.set(output, setTimeout(release, PULSE_MS).unref());
    }
    await outputs.want(output, true, began);
  }

  #forget(item: Item): void {
    this.#items = this.#items.filter((each) => each !== item);
  }
}

/** The belt's speed over its last samples. */
class Speed {
  #samples: { readonly at: number; readonly mm: number }[] = [];

  take(at: number, mm: number): void {
    this.#samples = [...this.#samples, { at, mm }].slice(-SPEED_SAMPLES);
  }

  /** 0 before it is known. */
  get mmPerMs(): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) return 0;
    return Math.max(0, (last.mm - first.mm) / (last.at - first.at));
  }
}

/** A poll that comes late says little of the speed; so many together do. */
const SPEED_SAMPLES = 10;
