import type { Log } from "../log.ts";
import { readClockMemory, writeClockMemory } from "./clock-file.ts";
import { type ClockState, type ClockStep, GatewayClock } from "./gateway-clock.ts";
import { openKernelClock } from "./kernel-clock.ts";

/** How often what outlives a restart is written, ms: a crash loses so much of the running time at most. */
const WRITE_MS = 60_000;

export interface SiteClockOptions {
  readonly spoolPath: string;
  readonly onStep: (step: ClockStep) => void;
  readonly log: Log;
}

/** The gateway's clock with what it remembers on the disk. Before `start()` it is the system's clock. */
export class SiteClock {
  readonly #options: SiteClockOptions;
  #clock: GatewayClock | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SiteClockOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { spoolPath, onStep, log } = this.#options;
    const wall = Date.now;
    const [kernel, memory] = await Promise.all([openKernelClock(wall), readClockMemory(spoolPath)]);
    const monotonic = () => performance.now();
    this.#clock = new GatewayClock({ wall, monotonic, kernel, memory, onStep, log });
    this.#timer = setInterval(() => this.#write(), WRITE_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#write();
    await this.#writing;
  }

  /** ms since the epoch. */
  readonly now = (): number => this.#clock?.now() ?? Date.now();
  /** How long the gateway has run in all its starts, ms. */
  readonly life = (): number => this.#clock?.life() ?? 0;
  /** No later than the true time, ms since the epoch; 0: nothing is proven. */
  readonly proven = (): number => this.#clock?.proven() ?? 0;
  readonly state = (): ClockState => this.#clock?.state() ?? { synchronised: false, offsetMs: null };

  /** Central said that it was `time`, ms since the epoch; `live`: just now. */
  readonly heard = (time: number, live: boolean): void => this.#clock?.heard(time, live);

  #write(): void {
    const { spoolPath, log } = this.#options;
    const clock = this.#clock;
    if (clock === null) return;
    this.#writing = this.#writing
      .then(() => writeClockMemory(spoolPath, clock.memory))
      .catch((error: unknown) => log.warn({ err: error }, "the clock's memory could not be written"));
  }
}
