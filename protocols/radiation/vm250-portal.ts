import { type ChannelState, MAX_SLICES, type Occupancy, SigmaWindow, type Slice } from "./occupancy.ts";
import type { Vm250Message } from "./vm250.ts";

/** Defaults of the portals' makers: windows of five slices of 200 ms. */
const DEFAULT_INTERVALS = 5;
const SLICES_A_SECOND = 5;
const MAX_INTERVALS = 50;
/** A portal without a word for so long is lost: unoccupied, occupied; ms. */
const SILENT_MS = { background: 10_000, occupied: 1_000 } as const;

export type PortalState = "unknown" | "background" | "occupied";

const FAULT_TEXT = {
  GH: "gamma background is too high",
  GL: "gamma background is too low: a detector may be dead",
  NH: "neutron background is too high",
  TT: "the portal's cabinet is open",
} as const;
type FaultCode = keyof typeof FAULT_TEXT;

const ALL_CLEAR: Readonly<Record<"gamma" | "neutron", readonly FaultCode[]>> = {
  gamma: ["GH", "GL"],
  neutron: ["NH"],
};

/** What is gathered while an item is between the pillars. */
interface Passing {
  readonly beganAt: number;
  readonly slices: Slice[];
  readonly windows: Readonly<Record<"gamma" | "neutron", SigmaWindow>>;
  readonly seen: { gamma: boolean; neutron: boolean };
  readonly alarm: { gamma: boolean; neutron: boolean };
  readonly faults: Set<string>;
  /** Faults of both channels: the item was not wholly seen. */
  partial: boolean;
}

/**
 * From a portal's lines to occupancies. Pure: every time is passed in, ms. No line says that an item comes: the first slice
 * after a background does; GX ends it. A portal that is faulty while the item passes says `fault`, unless it alarms: an
 * alarm stands whatever else is wrong. An item that was not seen from its first to its last slice is `fault`, never normal.
 */
export class Vm250Portal {
  readonly #faults = new Set<FaultCode>();
  readonly #background: { gamma: number | null; neutron: number | null } = { gamma: null, neutron: null };
  #intervals = DEFAULT_INTERVALS;
  #state: PortalState = "unknown";
  #passing: Passing | null = null;

  get state(): PortalState {
    return this.#state;
  }

  /** Silence after which the portal counts as lost, ms. */
  get silentMs(): number {
    return this.#state === "occupied" ? SILENT_MS.occupied : SILENT_MS.background;
  }

  /** Faults that stand now, plain English. */
  get faults(): readonly string[] {
    return [...this.#faults].map((code) => FAULT_TEXT[code]);
  }

  /** Takes a line; returns the occupancy that it ends. */
  take(message: Vm250Message, at: number): Occupancy | null {
    switch (message.kind) {
      case "background":
        return this.#backgroundCame(message.channel, message.counts, at);
      case "fault":
        this.#fault(message.code);
        return null;
      case "tamper":
        if (message.open) this.#fault("TT");
        else this.#faults.delete("TT");
        return null;
      case "slice":
        this.#slice(message, at);
        return null;
      case "end":
        return this.#end(at, false);
      case "setup":
        if (message.intervals !== null)
          this.#intervals = Math.min(MAX_INTERVALS, Math.max(1, message.intervals));
        return null;
      default:
        return null;
    }
  }

  /** The link is lost: an item that is between the pillars was not wholly seen. */
  lost(at: number): Occupancy | null {
    const ended = this.#end(at, true);
    this.#state = "unknown";
    return ended;
  }

  #backgroundCame(channel: "gamma" | "neutron", counts: readonly number[], at: number): Occupancy | null {
    this.#background[channel] = sum(counts);
    for (const code of ALL_CLEAR[channel]) this.#faults.delete(code);
    // A background while an item is there: its end was not heard, nor what may have stood before it.
    const ended = this.#end(at, true);
    this.#state = "background";
    return ended;
  }

  #fault(code: FaultCode): void {
    this.#faults.add(code);
    this.#passing?.faults.add(FAULT_TEXT[code]);
  }

  #slice({ channel, alarm, counts }: Extract<Vm250Message, { kind: "slice" }>, at: number): void {
    const passing = this.#passing ?? this.#begin(at);
    passing.seen[channel] = true;
    passing.alarm[channel] ||= alarm;
    passing.windows[channel].add(counts);
    if (passing.slices.length < MAX_SLICES) passing.slices.push({ at, channel, counts: [...counts] });
    else passing.faults.add("an item stands between the pillars, or the occupancy sensor is stuck");
  }

  #begin(at: number): Passing {
    const window = (channel: "gamma" | "neutron") => {
      const perSecond = this.#background[channel];
      const intervals = this.#intervals;
      return new SigmaWindow({
        intervals,
        background: perSecond === null ? null : (perSecond * intervals) / SLICES_A_SECOND,
      });
    };
    const passing: Passing = {
      beganAt: at,
      slices: [],
      windows: { gamma: window("gamma"), neutron: window("neutron") },
      seen: { gamma: false, neutron: false },
      alarm: { gamma: false, neutron: false },
      faults: new Set(this.faults),
      // Joined while an item passes: what came before is unknown.
      partial: this.#state === "unknown",
    };
    if (passing.partial) passing.faults.add("the item was there before the link was opened");
    this.#passing = passing;
    this.#state = "occupied";
    return passing;
  }

  #end(at: number, partial: boolean): Occupancy | null {
    const passing = this.#passing;
    this.#passing = null;
    if (this.#state === "occupied") this.#state = "background";
    if (passing === null) return null;
    if (partial) {
      passing.partial = true;
      passing.faults.add("the end of the passage was not heard");
    }
    return {
      beganAt: passing.beganAt,
      endedAt: at,
      gamma: stateOf(passing, "gamma"),
      neutron: stateOf(passing, "neutron"),
      gammaSigma: passing.windows.gamma.peak,
      neutronSigma: passing.windows.neutron.peak,
      faults: [...passing.faults],
      background: { ...this.#background },
      slices: passing.slices,
    };
  }
}

function stateOf(passing: Passing, channel: "gamma" | "neutron"): ChannelState {
  if (passing.alarm[channel]) return "alarm";
  // Faults of the other channel's background leave this one alone.
  const other = channel === "gamma" ? "neutron background" : "gamma background";
  const faulty = [...passing.faults].some((fault) => !fault.startsWith(other));
  if (passing.partial || faulty) return "fault";
  return passing.seen[channel] ? "normal" : null;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
