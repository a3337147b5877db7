import type { Socket } from "node:net";
import type { Message } from "../../protocols/line-scan/index.ts";
import { retryDelayMs, Wake } from "../backoff.ts";
import { Random } from "../random.ts";
import type { ItemBelt } from "./belt.ts";
import type { Endpoint } from "./endpoint.ts";
import type { FaultScript } from "./faults.ts";
import { type Due, type KeptScan, keep } from "./kept.ts";
import { LinkLost, ScannerLink } from "./link.ts";
import { helloOf, type Machine, machineFor, nextEncoder } from "./machine.ts";
import type { Announced, Queue } from "./queue.ts";
import type { ScannerReport, ScannerSummary } from "./report.ts";
import { acquire, resend, resendLines, sendFinal } from "./transmission.ts";

/** Scans kept for want of an acknowledgement, at most; the belt stops until there is room (`line-scan.md`: 4 open at once). */
export const MAX_KEPT = 4;
/** Refusals and unanswered attempts after which a scan is given up. */
export const MAX_REFUSALS = 50;
/** An answer to SCAN_END is awaited this long, ms. */
const ANSWER_MS = 15_000;
/** The same where the gateway has lost sync meanwhile and may not know of the scan, ms. */
const SUSPECT_ANSWER_MS = 1000;
/** The link's work is looked at anew at least this often, ms. */
const LOOK_MS = 50;
/** The same where the belt brings items whenever they come, ms. */
const SOON_MS = 5;
/** Refusals that no retry can heal. */
const HOPELESS = new Set(["SCAN_TOO_LARGE"]);
/** Losses of sync; the lines that were lost are asked for later, or the scan is sent again. */
const LOST_SYNC = new Set(["BAD_CRC", "BAD_LENGTH", "BAD_SEQUENCE"]);

export interface ScannerOptions {
  readonly endpoint: Endpoint;
  readonly belt: ItemBelt;
  readonly queue: Queue;
  readonly faults: FaultScript;
  readonly serial: string;
  /** Items per second. */
  readonly rate: number;
  readonly seed: number;
  readonly report: (report: ScannerReport) => void;
}

/** A simulated X-ray scanner: items come along its belt, are scanned, and are kept until a gateway has acknowledged them. */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #kept = new Map<string, KeptScan>();
  readonly #wake = new Wake();
  readonly #random: Random;
  readonly #calibratedAt = new Date().toISOString();
  #machine: Machine | null = null;
  #nextItemAt = 0;
  #encoder = 0;
  #heard = false;
  #numbers = 0;
  #draining = false;
  #counts = { scans: 0, acknowledged: 0, givenUp: 0, resent: 0, connections: 0 };

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#random = new Random(options.seed, "scanner");
  }

  /** Takes no new item any more; {@link run} ends when what is kept is acknowledged. */
  drain(): void {
    this.#draining = true;
    this.#wake.ring();
  }

  /** Runs until every scan is acknowledged (or given up), or until `signal` aborts. */
  async run(signal: AbortSignal): Promise<ScannerSummary> {
    const first = await this.#options.queue.peek(signal);
    if (first !== null) {
      const { serial, rate, belt } = this.#options;
      this.#machine = machineFor({
        serial,
        rate,
        overheadMs: belt.overheadMs,
        first,
        beltMmPerS: belt.speedMmS,
      });
      while (!signal.aborted && !this.#finished()) {
        const socket = await this.#options.endpoint.next(signal);
        if (socket !== null) await this.#serve(socket, this.#machine, signal);
      }
    }
    return { ...this.#counts, outstanding: this.#kept.size + this.#counts.givenUp };
  }

  #finished(): boolean {
    return this.#kept.size === 0 && (this.#draining || this.#options.queue.ended);
  }

  async #serve(socket: Socket, machine: Machine, signal: AbortSignal): Promise<void> {
    const link = new ScannerLink({
      socket,
      encoder: () => this.#encoder,
      answers: {
        acknowledged: (scanRef, scanId) => this.#acknowledged(scanRef, scanId),
        refused: (nak) => this.#refused(nak),
        result: (result) => this.#options.report({ event: "result", ...pickResult(result) }),
      },
    });
    const stop = () => link.close("stopped");
    signal.addEventListener("abort", stop, { once: true });
    link.lost.addEventListener("abort", () => this.#wake.ring(), { once: true });
    try {
      await link.open(helloOf(machine, this.#calibratedAt));
      this.#connected(`${socket.remoteAddress}:${socket.remotePort}`);
      while (!link.lost.aborted && !this.#finished()) await this.#step(link, machine);
    } catch (error) {
      if (!(error instanceof LinkLost)) throw error;
    } finally {
      link.close("done");
      this.#options.report({ event: "disconnected", reason: link.reason });
      signal.removeEventListener("abort", stop);
    }
  }

  #connected(peer: string): void {
    this.#options.endpoint.worked();
    this.#options.queue.open();
    this.#counts.connections += 1;
    this.#options.report({ event: "connected", peer });
    for (const kept of this.#kept.values()) {
      kept.due = { kind: "whole" };
      kept.notBefore = 0;
    }
  }

  /** One piece of work: what is due for a kept scan comes before a new item. */
  async #step(link: ScannerLink, machine: Machine): Promise<void> {
    const now = performance.now();
    this.#expire(now);
    const kept = [...this.#kept.values()].find(
      (entry) => entry.due.kind !== "none" && entry.notBefore <= now,
    );
    if (kept !== undefined) {
      await this.#perform(kept, link, machine);
      return;
    }
    const item = this.#nextItem(now);
    if (item !== null) await this.#scan(item, link, machine);
    else await this.#wake.wait(this.#untilNext(now), link.lost);
  }

  /** What got no answer in time is sent again. */
  #expire(now: number): void {
    for (const kept of this.#kept.values()) {
      if (kept.due.kind === "none" && kept.answerBy <= now) this.#again(kept, "NO_ANSWER", 0);
    }
  }

  async #perform(kept: KeptScan, link: ScannerLink, machine: Machine): Promise<void> {
    const due: Due = kept.due;
    kept.due = { kind: "none" };
    kept.answerBy = Number.POSITIVE_INFINITY;
    if (due.kind === "lines") await resendLines(kept, link, machine, due.missing);
    else if (due.kind === "final") await sendFinal(kept, link);
    else {
      kept.number = this.#numbers++;
      kept.suspect = false;
      kept.transmissions += 1;
      this.#counts.resent += 1;
      await resend(kept, link, machine);
    }
    this.#awaitAnswer(kept);
  }

  #awaitAnswer(kept: KeptScan): void {
    if (kept.due.kind !== "none") return;
    kept.answerBy = performance.now() + (kept.suspect ? SUSPECT_ANSWER_MS : ANSWER_MS);
  }

  /** How long there is nothing to do, ms. */
  #untilNext(now: number): number {
    if (this.#options.belt.speedMmS !== undefined) return SOON_MS;
    const left = this.#nextItemAt - now;
    return left > 0 ? Math.min(LOOK_MS, left) : LOOK_MS;
  }

  #nextItem(now: number): Announced | null {
    if (this.#draining || this.#kept.size >= MAX_KEPT || now < this.#nextItemAt) return null;
    if ([...this.#kept.values()].some((entry) => entry.notBefore > now)) return null;
    return this.#options.queue.take(now);
  }

  async #scan(item: Announced, link: ScannerLink, machine: Machine): Promise<void> {
    const { belt, queue, rate, report } = this.#options;
    if (!this.#heard) await belt.untilHeard(link.lost);
    this.#heard = true;
    this.#paceNext(1000 / rate);
    const faults = this.#options.faults.forScan(item.prepared.index);
    await belt.bring(item.prepared, faults, link.lost);
    const kept = keep({
      ...item,
      faults,
      startedAt: new Date().toISOString(),
      startedNs: process.hrtime.bigint(),
      encoder: this.#encoder,
    });
    kept.number = this.#numbers++;
    kept.transmissions = 1;
    this.#kept.set(kept.scanRef, kept);
    this.#counts.scans += 1;
    this.#encoder = nextEncoder(kept, machine);
    try {
      await acquire(kept, link, machine, {
        afterStart: () => belt.entered(item.prepared, faults),
        pace: belt.pace && ((line) => belt.pace?.(item.prepared, line, link.lost)),
      });
      this.#awaitAnswer(kept);
    } finally {
      belt.leave(item.prepared);
      queue.done();
    }
    report({ event: "scanned", at: kept.endedAt ?? "", index: item.prepared.index, scanRef: kept.scanRef });
  }

  /** Items come a period apart at least: where one was late, the next is as far behind it, so that their readings are told apart. */
  #paceNext(periodMs: number): void {
    const { belt } = this.#options;
    const now = performance.now();
    // A belt with a speed of its own brings items as fast as it runs.
    if (belt.speedMmS !== undefined) this.#nextItemAt = now;
    else this.#nextItemAt = Math.max(this.#nextItemAt, now) + periodMs;
  }

  #acknowledged(scanRef: string, scanId: string): void {
    const kept = this.#kept.get(scanRef);
    if (kept === undefined) return;
    this.#kept.delete(scanRef);
    this.#counts.acknowledged += 1;
    const at = new Date().toISOString();
    this.#options.report({ event: "acknowledged", at, index: kept.prepared.index, scanRef, scanId });
    this.#wake.ring();
  }

  #refused(nak: Message<"NAK">): void {
    const scanRef = nak.scanRef ?? null;
    this.#options.report({ event: "refused", code: nak.code, message: nak.message, scanRef });
    const meant = scanRef === null ? [...this.#kept.values()] : [this.#kept.get(scanRef)];
    for (const kept of meant) if (kept !== undefined) this.#answer(kept, nak);
    this.#wake.ring();
  }

  #answer(kept: KeptScan, nak: Message<"NAK">): void {
    if (LOST_SYNC.has(nak.code)) {
      kept.suspect = true;
      if (kept.answerBy < Number.POSITIVE_INFINITY) this.#awaitAnswer(kept);
    } else if (nak.code === "LINES_MISSING" && nak.missing !== undefined) {
      const lost = kept.faults.of("final-incomplete").length > 0;
      if (this.#countRefusal(kept, nak.code)) return;
      kept.due = lost ? { kind: "final" } : { kind: "lines", missing: nak.missing };
    } else if (HOPELESS.has(nak.code)) this.#giveUp(kept, nak.code);
    else this.#again(kept, nak.code, retryDelayMs(kept.refusals + 2, this.#random));
  }

  /** The whole scan again, not before `delayMs` have passed. */
  #again(kept: KeptScan, code: string, delayMs: number): void {
    if (this.#countRefusal(kept, code)) return;
    kept.due = { kind: "whole" };
    kept.notBefore = performance.now() + delayMs;
  }

  #countRefusal(kept: KeptScan, code: string): boolean {
    kept.refusals += 1;
    if (kept.refusals <= MAX_REFUSALS) return false;
    this.#giveUp(kept, code);
    return true;
  }

  #giveUp(kept: KeptScan, code: string): void {
    this.#kept.delete(kept.scanRef);
    this.#counts.givenUp += 1;
    this.#options.report({
      event: "given-up",
      index: kept.prepared.index,
      scanRef: kept.scanRef,
      code,
    });
  }
}

function pickResult(result: Message<"RESULT">) {
  const { scanRef, scanId, revision, decision, recommendation } = result;
  return { scanRef, scanId, revision, decision, recommendation };
}
