import type { Log } from "../log.ts";
import type { KernelClock } from "./kernel-clock.ts";

/** The system's clock may differ by so much from what has passed, ms: more is a step, and a step is to be confirmed. */
const STEP_MS = 2000;
/** A time that central says agrees with a clock that is no further off, ms. */
const AGREES_MS = 120_000;
/** A synchronised clock is believed to have gone on by so much at most since the last proof, ms: 30 days. */
const LONGEST_OFF_MS = 30 * 24 * 3_600_000;
/** Words of central are remembered for so long, and so many of them: the quickest tells the offset. */
const HEARD_MS = 600_000;
const MAX_HEARD = 64;
/** An offset that no network explains, ms. */
const OFF_MS = 5000;

/** What outlives a restart. */
export interface ClockMemory {
  /** The clock when it was last written, ms since the epoch. */
  readonly last: number;
  /** No later than the true time then, ms since the epoch; 0: nothing is proven. */
  readonly proven: number;
  /** How long the gateway has run in all its starts, ms. */
  readonly life: number;
}

/** How far the clock can be trusted (`mqtt.md`, Hit `clock`). */
export interface ClockState {
  readonly synchronised: boolean;
  /** Gateway less reference, ms; null: unknown. */
  readonly offsetMs: number | null;
}

/** A step of the system's clock. `followed`: something confirmed it. */
export interface ClockStep {
  readonly fromMs: number;
  readonly toMs: number;
  readonly followed: boolean;
}

export interface GatewayClockOptions {
  /** The system's clock, ms since the epoch. */
  readonly wall: () => number;
  /** Time since the machine started, ms: it is never set. */
  readonly monotonic: () => number;
  readonly kernel: () => KernelClock;
  /** Of the last run; null: this is the first. */
  readonly memory: ClockMemory | null;
  readonly onStep?: (step: ClockStep) => void;
  readonly log: Log;
}

/**
 * The gateway's clock. It goes on by the time that passes and follows the system's clock only as far as that is set by
 * little, or by a time service, or to a time that central confirms: a clock that jumps a year moves nothing. It never goes
 * back behind where the last run left it unless something confirms that. Order is never taken from it.
 */
export class GatewayClock {
  readonly #options: GatewayClockOptions;
  readonly #life: number;
  readonly #began: number;
  /** The time at `#at` of the monotonic clock. */
  #now: number;
  #at: number;
  #proven: number;
  #provenAt: number;
  #heard: { readonly time: number; readonly at: number }[] = [];
  /** The step that was not followed; null: the system's clock is followed. */
  #held: number | null = null;

  constructor(options: GatewayClockOptions) {
    const { memory, wall, monotonic } = options;
    this.#options = options;
    this.#life = memory?.life ?? 0;
    this.#began = monotonic();
    this.#at = this.#began;
    this.#provenAt = this.#began;
    this.#proven = memory?.proven ?? 0;
    this.#now = Math.max(wall(), memory?.last ?? 0);
  }

  /** ms since the epoch, for stamping. */
  readonly now = (): number => {
    const { wall, monotonic } = this.#options;
    const at = monotonic();
    const expected = this.#now + (at - this.#at);
    const system = wall();
    this.#at = at;
    if (Math.abs(system - expected) <= STEP_MS) {
      // A little back is waited for, so that a time is never earlier than the one before.
      this.#now = Math.max(this.#now, system);
      this.#held = null;
      return Math.round(this.#now);
    }
    this.#now = expected;
    this.#step(system, at);
    return Math.round(this.#now);
  };

  /** A time that is no later than the true one, ms since the epoch: what expires, expires by this. 0: nothing is proven yet. */
  readonly proven = (): number => {
    const { kernel, wall, monotonic } = this.#options;
    const at = monotonic();
    const proven = this.#proven === 0 ? 0 : this.#proven + (at - this.#provenAt);
    const system = wall();
    const ahead = system - proven;
    const believed = ahead > 0 && (proven === 0 || ahead <= LONGEST_OFF_MS) && kernel().synchronised;
    this.#proven = believed ? system : proven;
    this.#provenAt = at;
    return Math.floor(this.#proven);
  };

  /** How long the gateway has run in all its starts, ms. */
  readonly life = (): number => Math.floor(this.#life + (this.#options.monotonic() - this.#began));

  /** Central said that it was `time`, ms since the epoch; `live`: just now, it had not waited at the broker. */
  heard(time: number, live: boolean): void {
    const { wall, monotonic } = this.#options;
    if (!Number.isFinite(time)) return;
    const at = monotonic();
    if (live) {
      this.#heard = this.#heard.filter((one) => at - one.at < HEARD_MS).slice(-(MAX_HEARD - 1));
      this.#heard.push({ time, at });
    }
    // Both must say so: neither a wrong clock nor a false word of a peer alone lets anything expire.
    if (time <= wall() + AGREES_MS && time > this.proven()) {
      this.#proven = time;
      this.#provenAt = at;
    }
  }

  /** As each hit carries it. */
  readonly state = (): ClockState => {
    const offsetMs = this.#offset();
    const synchronised =
      this.#held === null &&
      this.#options.kernel().synchronised &&
      (offsetMs === null || Math.abs(offsetMs) < OFF_MS);
    return { synchronised, offsetMs };
  };

  /** What the next run begins with. */
  get memory(): ClockMemory {
    return { last: this.now(), proven: this.proven(), life: this.life() };
  }

  /** Of the words that came lately the one that took least: a delay only makes the gateway seem ahead. */
  #offset(): number | null {
    const { monotonic } = this.#options;
    const at = monotonic();
    const recent = this.#heard.filter((one) => at - one.at < HEARD_MS);
    if (recent.length === 0) return null;
    const now = this.now();
    return Math.min(...recent.map((one) => now - (at - one.at) - one.time));
  }

  #step(system: number, at: number): void {
    const { onStep, log, kernel } = this.#options;
    const isNew = this.#held === null || Math.abs(system - at - this.#held) > STEP_MS;
    const followed = kernel().synchronised || this.#confirmed(system, at);
    if (!isNew && !followed) return;
    const step: ClockStep = { fromMs: Math.round(this.#now), toMs: Math.round(system), followed };
    log.warn(
      { ...step },
      followed ? "the clock was set and is followed" : "the clock was set; nothing confirms it",
    );
    if (followed) this.#now = system;
    this.#held = followed ? null : system - at;
    onStep?.(step);
  }

  /** Whether central lately said just this time. */
  #confirmed(system: number, at: number): boolean {
    return this.#heard.some((one) => Math.abs(one.time + (at - one.at) - system) < AGREES_MS);
  }
}
