import type { Alert } from "../alerts.ts";
import type { Log } from "../log.ts";
import type { BeltOutput, Conveyor } from "./port.ts";

/** An output that the plant did not take is tried again this often, ms. */
export const RETRY_MS = 100;

const OUTPUTS = ["stop", "divert"] as const;

/** Figures of a belt's outputs, ms from the hit to the plant's answer. */
export interface OutputFigures {
  acted: number;
  failed: number;
  lastLatencyMs: number | null;
  worstLatencyMs: number | null;
}

export interface OutputsOptions {
  readonly lane: string;
  readonly conveyor: Conveyor;
  readonly alert: (alert: Alert) => void;
  /** Monotonic, ms. */
  readonly now: () => number;
  readonly log: Log;
}

interface State {
  wanted: boolean;
  /** What the plant has taken; null: not known, as after a lost link. */
  taken: boolean | null;
  writing: boolean;
  triedAt: number;
  /** When it was asked for. */
  began: number;
  told: boolean;
}

/**
 * Holds what a plant's outputs should be and writes it until the plant has taken it: a diverter that stays out because one
 * message was lost would set every parcel aside.
 */
export class Outputs {
  readonly figures: OutputFigures = { acted: 0, failed: 0, lastLatencyMs: null, worstLatencyMs: null };
  readonly #options: OutputsOptions;
  readonly #states = new Map<BeltOutput, State>();

  constructor(options: OutputsOptions) {
    this.#options = options;
    for (const output of OUTPUTS) {
      this.#states.set(output, {
        wanted: false,
        taken: null,
        writing: false,
        triedAt: 0,
        began: 0,
        told: false,
      });
    }
  }

  /** Whether the output should be on. */
  isOn(output: BeltOutput): boolean {
    return this.#states.get(output)?.wanted ?? false;
  }

  /** Whether the plant has it on, by its own answer. */
  hasTaken(output: BeltOutput): boolean {
    const state = this.#states.get(output);
    return state?.taken === true && state.wanted && !state.writing;
  }

  /** Resolves when the plant has taken it, or the first try has failed; further tries follow with {@link tick}. */
  async want(output: BeltOutput, on: boolean, began = this.#options.now()): Promise<void> {
    const state = this.#states.get(output);
    if (state === undefined) return;
    state.wanted = on;
    state.began = began;
    state.told = false;
    await this.#write(output, state);
  }

  /** A link to the plant came up: what it holds is not known. */
  connected(): void {
    for (const state of this.#states.values()) state.taken = null;
    this.tick();
  }

  /** Tries again what was not taken. */
  tick(): void {
    const now = this.#options.now();
    for (const [output, state] of this.#states) {
      const due = state.taken !== state.wanted && !state.writing && now - state.triedAt >= RETRY_MS;
      if (due && this.#options.conveyor.link.state === "connected") void this.#write(output, state);
    }
  }

  async #write(output: BeltOutput, state: State): Promise<void> {
    const { conveyor, now } = this.#options;
    if (!conveyor.has(output)) return;
    const { wanted, began } = state;
    state.writing = true;
    state.triedAt = now();
    try {
      await conveyor.set(output, wanted);
      state.taken = wanted;
      if (wanted && state.wanted) this.#count(output, now() - began);
    } catch (error) {
      state.taken = null;
      this.#failed(output, wanted, state, error);
    } finally {
      state.writing = false;
    }
    // Wanted otherwise meanwhile.
    if (state.taken !== null && state.taken !== state.wanted) await this.#write(output, state);
  }

  #failed(output: BeltOutput, on: boolean, state: State, error: unknown): void {
    const { log, lane, alert } = this.#options;
    log.error({ err: error, lane, output, on }, "the belt could not be told; it is tried again");
    if (state.told) return;
    state.told = true;
    this.figures.failed += 1;
    alert({
      code: "BELT_OUTPUT_FAILED",
      severity: "critical",
      message: `The belt could not be told ${on ? "to" : "no longer to"} ${output}: ${(error as Error).message}`,
      remedy:
        "Check the plant's link; it is tried again. Without the gateway's heartbeat its controller stops the belt.",
      lane,
    });
  }

  #count(output: BeltOutput, latencyMs: number): void {
    this.#options.log.info({ lane: this.#options.lane, output, latencyMs }, "the belt was told");
    this.figures.acted += 1;
    this.figures.lastLatencyMs = latencyMs;
    this.figures.worstLatencyMs = Math.max(latencyMs, this.figures.worstLatencyMs ?? 0);
  }
}
