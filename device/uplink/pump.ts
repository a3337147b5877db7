import { backoffMs } from "../backoff.ts";
import type { Log } from "../log.ts";
import type { Outbox, OutboxRow } from "../spool/port.ts";
import { Connection, describe } from "./connection.ts";
import type { Outgoing, PublishResult } from "./connection-options.ts";

/** Rows read from the journal at once. */
const READ_ROWS = 64;
/** Without news: how often to look for rows whose receipt is late, ms. */
const LOOK_MS = 1000;
/** After a refusal. */
const REFUSED_BACKOFF = { baseMs: 1000, maxMs: 60_000 };
/** After the journal could not take an acknowledgement: without it the same rows would be due at once, ms. */
const JOURNAL_PAUSE_MS = 1000;
/** Places of the window left to retained states, and the share that a backlog leaves to new hits; one of a small window. */
const KEPT_FREE = 2;
const FRESH_SHARE = 8;
const SMALL_WINDOW = 16;
/** With a backlog on its way, acknowledgements are stored together: so many of them, or those of so long, ms. */
const MARK_ROWS = 512;
const MARK_MS = 200;
/** A row with one of these will never be taken: topic name invalid, packet too large, payload format invalid. */
const FINAL_CODES: ReadonlySet<number> = new Set([0x90, 0x95, 0x99]);

export interface PumpOptions {
  readonly outbox: Outbox;
  /** The message that carries a row. `resent`: not the first try. */
  readonly message: (row: OutboxRow, resent: boolean) => Outgoing;
  /** Whether central is there: without it only fresh rows go, and what waits goes on waiting here. */
  readonly drains: () => boolean;
  /** Whether rows without a receipt are to be sent again now. */
  readonly resends: () => boolean;
  /** The broker refuses rows (MQTT 5 reason code); called once until it takes one again. */
  readonly onRefused: (code: number, message: string) => void;
  readonly clock: () => number;
  readonly random: () => number;
  readonly log: Log;
}

/**
 * Takes rows from the journal to the broker, as many at a time as its window allows. What is in flight is known in memory
 * only: after a lost connection every unacknowledged row simply comes from the journal again.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #inFlight = new Set<number>();
  /** Rows tried before without an acknowledgement: their next try says `resent`. */
  readonly #tried = new Set<number>();
  #acknowledged: number[] = [];
  #marking: Promise<void> | null = null;
  #markSoon: NodeJS.Timeout | undefined;
  #connection: Connection | null = null;
  /** When the connection, or central, came up: older unreceipted rows go again at once. ms since the epoch. */
  #since = 0;
  /** The clock less the time since the process began: a clock that is set meanwhile must not make every row due. */
  #epoch: number | null = null;
  #refusals = 0;
  #pausedUntil = 0;
  #woken: (() => void) | null = null;
  /** Something happened since the journal was last read. */
  #news = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Pumps until the connection ends. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.#inFlight.clear();
    for (const sequence of this.#acknowledged) this.#inFlight.add(sequence);
    this.#markNow();
    this.#pausedUntil = 0;
    this.resendAll();
    void this.#run(connection);
    void connection.closed.then(() => this.wake());
  }

  /** There may be something to send. */
  wake(): void {
    this.#news = true;
    this.#woken?.();
  }

  /** Rows were committed. A hit goes out at once, past any backlog, without being read from the journal again. */
  committed(row: OutboxRow | null): void {
    const connection = this.#connection;
    const free = connection?.open === true && connection.room > KEPT_FREE;
    if (row === null || !free || this.#refusals > 0 || performance.now() < this.#pausedUntil) {
      this.wake();
      return;
    }
    if (this.#inFlight.has(row.sequence)) return;
    this.#inFlight.add(row.sequence);
    void this.#send(connection, row);
  }

  /** Sends every row without a receipt again at once: central may have lost what it had not receipted. */
  resendAll(): void {
    this.#since = this.#now();
    this.wake();
  }

  /** Waits until nothing is in flight, at most `ms`. */
  async settle(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (this.#inFlight.size > 0 && performance.now() < end && this.#connection?.open === true) {
      this.#markNow();
      await sleep(20);
    }
    await this.#marking;
  }

  async #run(connection: Connection): Promise<void> {
    while (this.#connection === connection && connection.open) {
      let sent = 0;
      this.#news = false;
      try {
        sent = await this.#fill(connection);
      } catch (error) {
        this.#options.log.warn({ why: describe(error) }, "the journal cannot be read for sending");
      }
      if (sent === 0 && !this.#news) await this.#wait();
    }
  }

  /** Sends what is due and fits the window; returns how many rows were taken. */
  async #fill(connection: Connection): Promise<number> {
    const { outbox, resends, drains } = this.#options;
    const now = this.#now();
    if (performance.now() < this.#pausedUntil) return 0;
    // After a refusal one row probes whether the broker has changed its mind.
    const most = this.#refusals > 0 ? 1 - this.#inFlight.size : placesIn(connection);
    const limit = Math.min(READ_ROWS, most, connection.room);
    if (limit <= 0) return 0;
    // A reading for a handful of rows costs as much as one for many: more of the window will be free in a moment.
    if (this.#refusals === 0 && limit < worthwhile(connection) && this.#inFlight.size > limit) return 0;
    const rows = await outbox.due({
      limit,
      receipts: resends(),
      backlog: drains(),
      now,
      inFlight: this.#inFlight,
      since: this.#since,
    });
    for (const row of rows) {
      if (this.#connection !== connection) return 0;
      // One that was committed meanwhile is on its way already.
      if (this.#inFlight.has(row.sequence)) continue;
      this.#inFlight.add(row.sequence);
      void this.#send(connection, row);
    }
    return rows.length;
  }

  async #send(connection: Connection, row: OutboxRow): Promise<void> {
    const message = this.#options.message(row, row.published > 0 || this.#tried.has(row.sequence));
    const size = Connection.packetSize(message);
    if (size > connection.maximumPacketSize) {
      await this.#giveUp(row, `${size} bytes, the broker takes ${connection.maximumPacketSize}`);
      return;
    }
    this.#tried.add(row.sequence);
    const result = await connection.publish(message);
    if (this.#connection !== connection && result.kind === "lost") return;
    await this.#settle(row, result);
  }

  async #settle(row: OutboxRow, result: PublishResult): Promise<void> {
    if (result.kind === "acknowledged") {
      this.#refusals = 0;
      this.#tried.delete(row.sequence);
      this.#acknowledged.push(row.sequence);
      // Nothing else is on its way: nobody to wait for.
      if (this.#acknowledged.length >= Math.min(MARK_ROWS, this.#inFlight.size)) this.#markNow();
      else this.#markSoon ??= setTimeout(() => this.#markNow(), MARK_MS);
      const connection = this.#connection;
      if (connection !== null && placesIn(connection) >= worthwhile(connection)) this.wake();
      return;
    }
    if (result.kind === "refused" && FINAL_CODES.has(result.code)) {
      await this.#giveUp(row, `the broker refuses it: ${result.message} (0x${result.code.toString(16)})`);
      return;
    }
    this.#inFlight.delete(row.sequence);
    if (result.kind === "refused") this.#pauseAfter(result.code, result.message);
    this.wake();
  }

  #pauseAfter(code: number, message: string): void {
    const { random, onRefused, log } = this.#options;
    // A window full of refusals is one refusal.
    if (performance.now() < this.#pausedUntil) return;
    this.#pausedUntil = performance.now() + backoffMs(this.#refusals, REFUSED_BACKOFF, random);
    this.#refusals += 1;
    if (this.#refusals > 1) return;
    log.warn({ code, message }, "the broker refuses results; they are kept and tried again");
    onRefused(code, message);
  }

  async #giveUp(row: OutboxRow, reason: string): Promise<void> {
    const { outbox, log } = this.#options;
    try {
      await outbox.deadLetter(row.sequence, reason);
      log.error({ sequence: row.sequence, id: row.id, reason }, "a row cannot be delivered");
      this.#tried.delete(row.sequence);
    } catch (error) {
      log.warn({ sequence: row.sequence, why: describe(error) }, "a dead letter could not be stored");
      this.#pausedUntil = performance.now() + JOURNAL_PAUSE_MS;
    }
    this.#inFlight.delete(row.sequence);
    this.wake();
  }

  #markNow(): void {
    clearTimeout(this.#markSoon);
    this.#markSoon = undefined;
    if (this.#acknowledged.length > 0) this.#marking ??= this.#mark();
  }

  /** One commit for all that was acknowledged since the last one. */
  async #mark(): Promise<void> {
    const { outbox, log } = this.#options;
    while (this.#acknowledged.length > 0) {
      const sequences = this.#acknowledged;
      this.#acknowledged = [];
      try {
        await outbox.markPublished(sequences, this.#now());
      } catch (error) {
        log.warn({ rows: sequences.length, why: describe(error) }, "acknowledgements could not be stored");
        this.#pausedUntil = performance.now() + JOURNAL_PAUSE_MS;
      }
      for (const sequence of sequences) this.#inFlight.delete(sequence);
      this.wake();
    }
    this.#marking = null;
  }

  #now(): number {
    this.#epoch ??= this.#options.clock() - performance.now();
    return Math.round(this.#epoch + performance.now());
  }

  /** Until something happened, a receipt may be late, or a pause is over. */
  #wait(): Promise<void> {
    const left = this.#pausedUntil - performance.now();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#woken = null;
        resolve();
      };
      const timer = setTimeout(done, left > 0 ? Math.min(left, LOOK_MS) : LOOK_MS);
      this.#woken = done;
    });
  }
}

/** Places of the window that a backlog may take. */
function placesIn({ window, room }: Connection): number {
  const kept = window < SMALL_WINDOW ? Math.min(1, window - 1) : KEPT_FREE + Math.floor(window / FRESH_SHARE);
  return room - kept;
}

/** Rows that are worth a reading while others are on their way. */
function worthwhile({ window }: Connection): number {
  return Math.min(READ_ROWS / 2, Math.ceil(window / 4));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
