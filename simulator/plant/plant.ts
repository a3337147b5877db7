/** What the belt carries. `frontMm`: belt position at which its front passes the entry eye. */
export interface PlantItem {
  readonly name: string;
  readonly lengthMm: number;
  readonly frontMm: number;
}

export interface PlantLayout {
  /** Photo-eyes by name, mm from the entry. */
  readonly eyes: ReadonlyMap<string, number>;
  readonly diverterMm: number;
  readonly speedMmS: number;
  /** The heartbeat coil must change within this, or the belt stops, ms; null: nobody watches. */
  readonly watchdogMs: number | null;
}

/** Items that are on the belt at once, at most. */
export const MAX_ON_BELT = 64;

/**
 * A conveyor as its controller sees it: a belt that runs unless it is stopped, photo-eyes, a diverter, and a watchdog on the
 * gateway's heartbeat. Pure: times are passed in, ms.
 */
export class Plant {
  readonly #layout: PlantLayout;
  #items: PlantItem[] = [];
  #at: number;
  #mm = 0;
  #stop = false;
  #divert = false;
  #beat: boolean | null = null;
  #beatAt: number;
  #emergency = false;
  #hold = false;
  readonly diverted: string[] = [];
  readonly passed: string[] = [];

  constructor(layout: PlantLayout, at: number) {
    this.#layout = layout;
    this.#at = at;
    this.#beatAt = at;
  }

  /** The belt's way, mm. */
  get mm(): number {
    return this.#mm;
  }

  get running(): boolean {
    return !this.#stop && !this.#emergency && !this.#hold && !this.#starved;
  }

  /** The gateway's heartbeat has stood still for too long. */
  get #starved(): boolean {
    const { watchdogMs } = this.#layout;
    return watchdogMs !== null && this.#beat !== null && this.#at - this.#beatAt > watchdogMs;
  }

  /** Somebody keeps the heartbeat going. */
  get watched(): boolean {
    return this.#beat !== null && !this.#starved;
  }

  /** Moves the belt to a later time, in steps so short that nothing is passed unseen. */
  advance(at: number): void {
    while (this.#at < at) {
      const step = Math.min(2, at - this.#at);
      this.#at += step;
      if (this.running) this.#mm += (step * this.#layout.speedMmS) / 1000;
      this.#unload();
    }
  }

  /** Puts an item on the belt, its front so far before the entry eye. Returns false when the belt is full. */
  place(name: string, lengthMm: number, beforeMm: number): boolean {
    if (this.#items.length >= MAX_ON_BELT) return false;
    this.#items.push({ name, lengthMm, frontMm: this.#mm + beforeMm });
    return true;
  }

  /** Whether something is over the place. */
  isDark(placeMm: number): boolean {
    return this.itemAt(placeMm) !== null;
  }

  itemAt(placeMm: number): PlantItem | null {
    const over = (item: PlantItem) => {
      const front = this.#mm - item.frontMm;
      return front >= placeMm && front - item.lengthMm < placeMm;
    };
    return this.#items.find(over) ?? null;
  }

  eye(name: string): boolean {
    return this.isDark(this.#layout.eyes.get(name) ?? 0);
  }

  /** The belt stops when it is asked to, and stands until somebody resets it. */
  setStop(on: boolean): void {
    this.#stop ||= on;
  }

  /** Asked to stop, and not reset since. */
  get stopped(): boolean {
    return this.#stop;
  }

  /** Somebody has looked and lets the belt run again. */
  reset(): void {
    this.#stop = false;
  }

  setDivert(on: boolean): void {
    this.#divert = on;
  }

  setHeartbeat(on: boolean): void {
    if (on !== this.#beat) this.#beatAt = this.#at;
    this.#beat = on;
  }

  /** The machine is not ready for the item before it. */
  setHold(on: boolean): void {
    this.#hold = on;
  }

  pressEmergencyStop(pressed: boolean): void {
    this.#emergency = pressed;
  }

  get emergencyStop(): boolean {
    return this.#emergency;
  }

  /** An item whose middle is at the diverter goes aside or straight on. */
  #unload(): void {
    const { diverterMm } = this.#layout;
    const leaving = this.#items.filter((item) => this.#mm - item.frontMm - item.lengthMm / 2 >= diverterMm);
    if (leaving.length === 0) return;
    for (const { name } of leaving) (this.#divert ? this.diverted : this.passed).push(name);
    this.#items = this.#items.filter((item) => !leaving.includes(item));
  }
}
