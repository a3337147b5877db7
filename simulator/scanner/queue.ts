import { sleep, Wake } from "../backoff.ts";
import type { PreparedScan } from "./prepared.ts";
import type { ScanSource } from "./source.ts";
import { type TruthFile, truthLine } from "./truth.ts";

/** Items announced and not yet on the belt, at least, beside those of the lead time. */
const ANNOUNCED = 3;

/** Items that are only announced because of the lead time, at most. */
const MAX_LEADING = 64;

/** From the first link to the first announcement, ms: the gateway's broker session comes up meanwhile. */
const OPENING_MS = 500;

/** An item whose truth is written. */
export interface Announced {
  readonly prepared: PreparedScan;
  readonly scanRef: string;
}

interface Waiting extends Announced {
  readonly notBefore: number;
}

/**
 * The items on their way to the scanner: taken from the source, announced in the truth file, and let onto the belt no
 * earlier than a lead time later.
 */
export class Queue {
  readonly #source: ScanSource;
  readonly #truth: TruthFile | null;
  readonly #prefix: string;
  readonly #leadMs: number;
  readonly #most: number;
  readonly #announced: ((item: Announced) => void) | undefined;
  readonly #waiting: Waiting[] = [];
  readonly #room = new Wake();
  readonly #arrived = new Wake();
  #first: PreparedScan | null = null;
  #opened = false;
  #exhausted = false;
  #onBelt = 0;
  #failure: Error | null = null;

  /**
   * `prefix`: of the scan references; makes those of two runs differ. `leadMs`: from announcement to scan at least. `rate`:
   * items per second, so that the lead time does not slow them.
   */
  constructor(options: {
    readonly source: ScanSource;
    readonly truth: TruthFile | null;
    readonly prefix: string;
    readonly leadMs: number;
    readonly rate: number;
    /** Told of each item as it is announced. */
    readonly announced?: ((item: Announced) => void) | undefined;
  }) {
    this.#source = options.source;
    this.#truth = options.truth;
    this.#prefix = options.prefix;
    this.#leadMs = options.leadMs;
    this.#most = ANNOUNCED + Math.min(MAX_LEADING, Math.floor((options.rate * options.leadMs) / 1000));
    this.#announced = options.announced;
  }

  /** No item is left, neither waiting nor on the belt. */
  get ended(): boolean {
    return this.#exhausted && this.#waiting.length === 0 && this.#onBelt === 0;
  }

  /** The link is up: items may be announced. Before it nobody would be there to take their declarations. */
  open(): void {
    this.#opened = true;
    this.#room.ring();
  }

  /** Announces items until the source ends or `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const prepared = await this.#source.next();
        if (prepared === null) break;
        await this.#untilOpen(prepared, signal);
        if (signal.aborted) break;
        await this.#announce(prepared);
        while (this.#waiting.length >= this.#most && !signal.aborted) await this.#room.wait(1000, signal);
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#exhausted = true;
      this.#arrived.ring();
    }
  }

  /** The first item, as soon as it is known what it looks like, without taking it; null where there is none. Throws what stopped the source. */
  async peek(signal: AbortSignal): Promise<PreparedScan | null> {
    while (this.#first === null && !this.#exhausted && !signal.aborted) {
      await this.#arrived.wait(1000, signal);
    }
    if (this.#failure !== null) throw this.#failure;
    return this.#first;
  }

  /** The next item if its time has come. Say {@link done} when it was scanned. Throws what stopped the source. */
  take(now: number): Announced | null {
    const item = this.#waiting[0];
    if (item === undefined && this.#failure !== null) throw this.#failure;
    if (item === undefined || item.notBefore > now) return null;
    this.#waiting.shift();
    this.#onBelt += 1;
    this.#room.ring();
    return item;
  }

  done(): void {
    this.#onBelt -= 1;
  }

  async #untilOpen(prepared: PreparedScan, signal: AbortSignal): Promise<void> {
    if (this.#first !== null) return;
    this.#first = prepared;
    this.#arrived.ring();
    while (!this.#opened && !signal.aborted) await this.#room.wait(1000, signal);
    await sleep(Math.min(this.#leadMs, OPENING_MS), signal);
  }

  async #announce(prepared: PreparedScan): Promise<void> {
    const scanRef = `${this.#prefix}-${String(prepared.index).padStart(6, "0")}`;
    await this.#truth?.append(truthLine(prepared.truth, scanRef, new Date().toISOString()));
    const waiting = { prepared, scanRef, notBefore: performance.now() + this.#leadMs };
    this.#waiting.push(waiting);
    this.#announced?.(waiting);
    this.#arrived.ring();
  }
}
