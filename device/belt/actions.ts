import type { Decision } from "../../protocols/vocabulary.ts";
import type { Alert } from "../alerts.ts";
import type { Log } from "../log.ts";
import type { BeltOutput, Conveyor } from "./port.ts";

/** What the belt does on an alarm or a fault (`cli.md`, `lanes[].belt`). */
export type BeltAction = "none" | "divert" | "stop";

/** Stretch of belt, mm. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

export interface BeltActionsOptions {
  readonly lane: string;
  readonly conveyor: Conveyor;
  readonly onAlarm: BeltAction;
  readonly onFault: BeltAction;
  /** Where the item of a scan passes the diverter, mm of belt; null: not known. Absent: the lane does not track its items. */
  readonly passage?: (scanId: string) => Stretch | null;
  readonly alert: (alert: Alert) => void;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly log: Log;
}

/** Figures of a belt's outputs, ms from the hit to the plant's answer. */
export interface BeltFigures {
  acted: number;
  late: number;
  failed: number;
  lastLatencyMs: number | null;
  worstLatencyMs: number | null;
}

/** Items between X-ray plane and diverter, at most; the oldest is given up as undecided. */
export const MAX_ITEMS = 256;
/** An output that no position ends is let go after this, ms. */
const PULSE_MS = 1_000;

interface Item {
  readonly scanId: string;
  action: BeltAction | null;
  diverting: boolean;
}

/**
 * Lets the belt act on the first hit of a scan: `stop` at once, `divert` while the item passes the diverter. An item that
 * reaches the diverter undecided is a fault and acted on as one; an alarm whose item cannot be told from its neighbours stops
 * the belt, for the wrong parcel set aside lets the right one through.
 */
export class BeltActions {
  readonly figures: BeltFigures = { acted: 0, late: 0, failed: 0, lastLatencyMs: null, worstLatencyMs: null };
  readonly #options: BeltActionsOptions;
  readonly #timers = new Map<BeltOutput, NodeJS.Timeout>();
  #items: Item[] = [];
  #mm: number | null = null;
  #diverting = false;

  constructor(options: BeltActionsOptions) {
    this.#options = options;
  }

  /** A scan was captured: its item is on its way to the diverter. */
  captured(scanId: string): void {
    if (this.#items.some((item) => item.scanId === scanId)) return;
    this.#items.push({ scanId, action: null, diverting: false });
    if (this.#items.length > MAX_ITEMS) this.#items.shift();
  }

  /** The first hit of a scan; later ones find the item gone and change nothing. */
  async decided(scanId: string, decision: Decision): Promise<void> {
    const item = this.#items.find((each) => each.scanId === scanId);
    if (item === undefined || item.action !== null) return;
    item.action = this.#actionFor(decision);
    if (item.action === "none") this.#forget(item);
    else await this.#act(item, item.action);
  }

  /** The belt stands at `mm`. */
  moved(mm: number): void {
    this.#mm = mm;
    const { passage } = this.#options;
    if (passage === undefined || this.#items.length === 0) return;
    for (const item of [...this.#items]) this.#atDiverter(item, passage(item.scanId), mm);
    const wanted = this.#items.some(({ diverting }) => diverting);
    if (wanted !== this.#diverting) void this.#switchDiverter(wanted);
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
    if (stretch === null) return;
    if (mm > stretch.to) this.#forget(item);
    else if (mm >= stretch.from && item.action === null) this.#undecided(item);
    else if (mm >= stretch.from && item.action === "divert") item.diverting = true;
  }

  #undecided(item: Item): void {
    const { onFault, lane, alert } = this.#options;
    this.figures.late += 1;
    item.action = onFault;
    if (onFault === "none") {
      this.#forget(item);
      return;
    }
    alert({
      code: "BELT_UNDECIDED",
      severity: "warning",
      message: `An item reached the diverter before its hit; the belt does what onFault says: ${onFault}`,
      remedy: "Set the diverter further from the machine, slow the belt, or give the gateway fewer models.",
      lane,
      scanId: item.scanId,
    });
    void this.#act(item, onFault);
  }

  async #act(item: Item, action: BeltAction): Promise<void> {
    const began = this.#options.now();
    if (action === "stop") {
      this.#forget(item);
      await this.#pulse("stop", began);
      return;
    }
    const { passage } = this.#options;
    if (passage === undefined) {
      this.#forget(item);
      await this.#pulse("divert", began);
      return;
    }
    const stretch = passage(item.scanId);
    if (stretch === null) await this.#unsure(item, "it cannot be told from its neighbours", began);
    else if (this.#mm !== null && this.#mm > stretch.to)
      await this.#unsure(item, "it has passed the diverter", began);
    else if (this.#mm !== null) this.moved(this.#mm);
  }

  /** An item that should be set aside, and cannot: the belt stops where it can, and somebody is told. */
  async #unsure(item: Item, why: string, began: number): Promise<void> {
    const { alert, lane, conveyor } = this.#options;
    this.#forget(item);
    this.figures.late += 1;
    const stops = conveyor.has("stop");
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

  async #switchDiverter(on: boolean): Promise<void> {
    this.#diverting = on;
    await this.#set("divert", on, this.#options.now());
  }

  /** Sets an output for a while; asked again meanwhile, the while begins anew. */
  async #pulse(output: BeltOutput, began: number): Promise<void> {
    clearTimeout(this.#timers.get(output));
    const release = () => void this.#set(output, false, this.#options.now());
    this.#timers.set(output, setTimeout(release, PULSE_MS).unref());
    await this.#set(output, true, began);
  }

  async #set(output: BeltOutput, on: boolean, began: number): Promise<void> {
    const { conveyor, log, lane, alert, now } = this.#options;
    try {
      await conveyor.set(output, on);
      if (on) this.#count(now() - began);
      log.info({ lane, output, on }, "the belt was told");
    } catch (error) {
      this.figures.failed += 1;
      log.error({ err: error, lane, output, on }, "the belt could not be told");
      if (!on) return;
      alert({
        code: "BELT_OUTPUT_FAILED",
        severity: "critical",
        message: `The belt could not be told to ${output}: ${(error as Error).message}`,
        remedy: "Check the plant's link. Without the gateway's heartbeat its controller stops the belt.",
        lane,
      });
    }
  }

  #count(latencyMs: number): void {
    this.figures.acted += 1;
    this.figures.lastLatencyMs = latencyMs;
    this.figures.worstLatencyMs = Math.max(latencyMs, this.figures.worstLatencyMs ?? 0);
  }

  #forget(item: Item): void {
    this.#items = this.#items.filter((each) => each !== item);
  }
}
