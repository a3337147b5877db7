import type { AcquisitionStatus, Cause, Decision } from "../../protocols/vocabulary.ts";
import type { Alerts } from "../alerts.ts";
import { pause } from "../backoff.ts";
import type { AnalysisRequest, Inference } from "../inference/port.ts";
import type { Log } from "../log.ts";
import type { Peripheral, Reading } from "../peripheral/port.ts";
import type { MachineWatch } from "../profile/watch.ts";
import type { Analysis, Capture, Scan } from "../scan.ts";
import type { ScannerDriver, ScannerEvent } from "../scanner/port.ts";
import type { Work } from "../self-description.ts";
import type { Accepted, Spool, StoredScan } from "../spool/port.ts";
import { watchDevices, withPortalFaults } from "./devices.ts";
import { withStatedMass } from "./item.ts";
import type { ItemTracker, LateReading } from "./item-tracker.ts";
import type { LaneBelt } from "./lane-belt.ts";
import type { Scored, Scorer } from "./scorer.ts";

/** Scans of a lane between their ACK and their hit; beyond it the scanner waits (they are on disk, this bounds memory). */
const MAX_UNDER_WAY = 256;
/** A reader's socket may lag the detector's: a scan without its label waits this long, ms, while it is analysed anyway. */
const READING_GRACE_MS = 150;
/** Between a driver's failure and the next try, ms. */
const DRIVER_RETRY_MS = 1_000;
/** How long `stop()` lets scans under way finish, ms; what is left is resumed at the next start. */
const DRAIN_MS = 5_000;

/** What a lane is made of. */
export interface LaneOptions {
  readonly id: string;
  /** First hit of a scan at the latest so long after its last byte, ms. */
  readonly deadlineMs: number;
  readonly driver: ScannerDriver;
  readonly peripherals: readonly Peripheral[];
  readonly tracker: ItemTracker;
  /** What the images say of the machine. */
  readonly watch: MachineWatch;
  /** Where the lane has a conveyor. */
  readonly belt?: LaneBelt | undefined;
  readonly spool: Pick<Spool, "accept">;
  readonly inference: Inference;
  readonly scorer: Scorer;
  readonly alerts: Alerts;
  /** Told how long a step of a scan took, s. */
  readonly took?: (stage: "store" | "inference" | "fusion", seconds: number) => void;
  readonly clock: () => number;
  readonly log: Log;
  /** Counts of the gateway's work, for `health`; the lane adds to them. */
  readonly work: Work;
}

/** A durable scan on its way to its first hit. */
interface Processing {
  readonly scan: Scan;
  readonly cause: Cause;
  /** Gateway clock, ms since the epoch. */
  readonly deadline: number;
  /** How long a scan without its label is held back, ms. */
  readonly graceMs: number;
  readonly analysing: Promise<Analysis | "stopped">;
}

/** The pipeline of one scanner: capture → durable → ACK → analysis → score, with its readings bound on the way. */
export class Lane {
  readonly id: string;
  readonly #options: LaneOptions;
  readonly #abort = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #captures: Promise<void> | null = null;
  /** The capture on its way to the disk. */
  #taking: Promise<void> = Promise.resolve();
  #settling: NodeJS.Timeout | undefined;

  constructor(options: LaneOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Starts peripherals and driver; `unfinished` are the stored scans of this lane that a crash or stop left on the way. */
  async start(unfinished: readonly StoredScan[]): Promise<void> {
    const { driver, peripherals, tracker, belt } = this.#options;
    const devices = belt === undefined ? peripherals : [...peripherals, belt.device];
    watchDevices(devices, (alert) => this.#follow(this.#options.alerts.raise({ ...alert, lane: this.id })));
    for (const peripheral of peripherals) {
      peripheral.onReading((reading) => this.#reading(reading));
      peripheral.start();
    }
    belt?.start();
    driver.onScanStart((at) => tracker.scanStarted(at));
    driver.onScanEnd?.((end) => tracker.scanEnded(end));
    driver.onScanLost?.((loss) => {
      tracker.scanLost(loss);
      if (belt !== undefined) this.#follow(belt.lost(loss.at));
    });
    driver.onEvent((event) => this.#event(event));
    await this.#options.watch.start();
    await driver.start();
    for (const stored of unfinished) this.#follow(this.#resume(stored));
    this.#captures = this.#consume();
  }

  async stop(): Promise<void> {
    const { driver, peripherals, belt } = this.#options;
    await driver.stop();
    await Promise.all(peripherals.map((peripheral) => peripheral.stop()));
    clearTimeout(this.#settling);
    const drained = Promise.all([this.#captures, ...this.#underWay]);
    await Promise.race([drained, pause(DRAIN_MS, this.#abort.signal)]);
    // Last: an alarm that is decided while the lane drains still moves the diverter.
    await belt?.stop();
    this.#abort.abort();
    await Promise.allSettled([...this.#underWay]);
    await this.#options.watch.stop();
  }

  /** Takes captures until the driver is stopped; one that fails is asked again, for ever. */
  async #consume(): Promise<void> {
    const { log } = this.#options;
    for (let stopped = false; !stopped; ) {
      try {
        await this.#takeAll();
        stopped = true;
      } catch (error) {
        log.error({ err: error, lane: this.id }, "the lane's driver failed; it is asked again");
        await pause(DRIVER_RETRY_MS, this.#abort.signal);
        stopped = this.#abort.signal.aborted;
      }
    }
  }

  async #takeAll(): Promise<void> {
    const { driver, alerts } = this.#options;
    for await (const capture of driver.captures()) {
      try {
        this.#taking = this.#take(capture);
        await this.#taking;
      } catch (error) {
        this.#options.work.captureFailed += 1;
        await alerts.raise({
          code: "SCAN_NOT_STORED",
          severity: "critical",
          message: `Scan ${capture.key.scanRef} could not be stored: ${(error as Error).message}`,
          remedy: "See the gateway's log and its disk; the scanner keeps the scan and sends it again.",
          lane: this.id,
        });
        await this.#refuse(capture);
      }
      while (this.#underWay.size >= MAX_UNDER_WAY && !this.#abort.signal.aborted)
        await Promise.race(this.#underWay);
    }
  }

  /** Best effort: the scan is durable and goes on; a scanner that was not told sends it again and is told then. */
  async #acknowledge(capture: Capture, scan: Scan): Promise<void> {
    const { driver, log } = this.#options;
    try {
      await driver.acknowledge(capture, scan);
    } catch (error) {
      log.warn({ err: error, lane: this.id }, "the scanner could not be told that its scan is stored");
    }
  }

  /** Best effort: a link that is gone has no scanner to refuse, and the next capture must still be taken. */
  async #refuse(capture: Capture): Promise<void> {
    const { driver, log } = this.#options;
    try {
      await driver.refuse(capture, "SPOOL_FULL", "The gateway could not store the scan; send it again later");
    } catch (error) {
      log.warn({ err: error, lane: this.id }, "the scanner could not be told that its scan was refused");
    }
  }

  async #take(captured: Capture): Promise<void> {
    const { spool, tracker } = this.#options;
    const bound = tracker.bind(captured);
    const capture = withFindings(captured, bound.acquisition ?? []);
    this.#settleLater();
    // The planes are written: they are looked at while they become durable, and the ACK does not wait for it.
    const unwanted = new AbortController();
    const analysing = this.#analyse(capture, unwanted.signal);
    const { identifiers, trackingAmbiguous } = bound;
    const known = withStatedMass(bound.measured, capture.statedMassKg);
    const measured = withPortalFaults(known, this.#options.peripherals);
    const began = performance.now();
    const accepted = await spool
      .accept(capture, { lane: this.id, identifiers, measured, trackingAmbiguous })
      .catch((error: unknown) => {
        unwanted.abort();
        throw error;
      });
    this.#took("store", began);
    await this.#acknowledge(capture, accepted.scan);
    this.#sayStored(capture, accepted);
    this.#options.work.captured += 1;
    if (accepted.outcome === "duplicate") {
      unwanted.abort();
      return;
    }
    this.#options.belt?.captured(accepted.scan.scanId);
    const cause: Cause = accepted.outcome === "replaced" ? "replaced-scan" : "initial";
    const deadline = capture.receivedAt + this.#options.deadlineMs;
    const graceMs = bound.settled || !this.#hearsReadings() ? 0 : READING_GRACE_MS;
    this.#follow(this.#process({ scan: accepted.scan, cause, deadline, graceMs, analysing }));
  }

  /** Whether a reading may still come: nobody waits for a reader or scale that is not there. */
  #hearsReadings(): boolean {
    return this.#options.peripherals.some(({ link }) => link.state === "connected");
  }

  #resume(stored: StoredScan): Promise<void> {
    const deadline = this.#options.clock() + this.#options.deadlineMs;
    const { scan } = stored;
    const analysing = this.#analyse(scan);
    if (stored.state === "decided") return this.#analyseLate(scan, analysing);
    const cause: Cause = stored.revision === 0 ? "initial" : "replaced-scan";
    return this.#process({ scan, cause, deadline, graceMs: 0, analysing });
  }

  async #process(work: Processing): Promise<void> {
    const { scan, cause, analysing } = work;
    const { directory } = scan;
    const first = await this.#untilDeadline(work);
    if (first === "stopped") return;
    if (first === null) {
      await this.#score(scan, { cause, directory, state: "decided" });
      await this.#analyseLate(scan, analysing);
      return;
    }
    await this.#score(scan, { cause, directory, analysis: first, state: "analysed" });
  }

  async #analyseLate(scan: Scan, analysing: Promise<Analysis | "stopped">): Promise<void> {
    const analysis = await analysing;
    if (analysis !== "stopped")
      await this.#score(scan, {
        cause: "late-analysis",
        analysis,
        directory: scan.directory,
        state: "analysed",
      });
  }

  async #analyse(
    scan: AnalysisRequest & Pick<Scan, "key" | "origin" | "purpose">,
    unwanted?: AbortSignal,
  ): Promise<Analysis | "stopped"> {
    const { inference, work } = this.#options;
    const stop = this.#abort.signal;
    const signal = unwanted === undefined ? stop : AbortSignal.any([stop, unwanted]);
    const began = performance.now();
    try {
      const analysis = await inference.analyse(scan, signal);
      if (signal.aborted) return "stopped";
      this.#took("inference", began);
      if (analysis.analysed) work.analysed += 1;
      else work.analysisFailed += 1;
      this.#sayAnalysed(scan.scanId, analysis, began);
      if (analysis.analysed) this.#measured(scan, analysis);
      return analysis;
    } catch (error) {
      if (!signal.aborted) this.#options.log.error({ err: error, scanId: scan.scanId }, "analysis failed");
      return "stopped";
    }
  }

  /** Central hears of a machine that drifts; the figures of each scan are in the log. */
  #measured(scan: Pick<Scan, "scanId" | "key" | "origin" | "purpose">, analysis: Analysis): void {
    const { watch, log } = this.#options;
    log.debug(
      { lane: this.id, scanId: scan.scanId, quality: analysis.quality, ...analysis.figures },
      "image figures",
    );
    for (const event of watch.take(scan, analysis)) this.#event(event);
  }

  /** The analysis, or null at the deadline. A scan without its label is held back for the grace, never past the deadline. */
  async #untilDeadline({ analysing, deadline, graceMs }: Processing): Promise<Analysis | "stopped" | null> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, this.#abort.signal]);
    const left = Math.max(0, deadline - this.#options.clock());
    const [result] = await Promise.all([
      Promise.race([analysing, pause(left, signal).then(() => null)]),
      graceMs > 0 ? pause(Math.min(graceMs, left), this.#abort.signal) : undefined,
    ]);
    over.abort();
    return this.#abort.signal.aborted && result === null ? "stopped" : result;
  }

  async #score(scan: Scan, request: Parameters<Scorer["score"]>[1]): Promise<void> {
    const began = performance.now();
    const { identifiers } = scan;
    const scored = await this.#options.scorer.score(scan.scanId, { ...request, identifiers });
    if (scored === null) return;
    this.#took("fusion", began);
    this.#options.work.scored += 1;
    const { belt } = this.#options;
    if (belt !== undefined) this.#follow(belt.decided(scan.scanId, scored.data["decision"] as Decision));
    await this.tell(scored);
  }

  #sayStored(capture: Capture, { scan: { scanId }, outcome }: Accepted): void {
    const bytes = capture.planes.reduce((sum, plane) => sum + plane.bytes, 0);
    this.#options.log.info(
      { code: "SCAN_STORED", lane: this.id, scanId, outcome, bytes },
      "a scan is stored",
    );
  }

  #sayAnalysed(scanId: string, { analysed, detections, problems }: Analysis, began: number): void {
    const seconds = Math.round(performance.now() - began) / 1000;
    const about = { lane: this.id, scanId, seconds, problems: problems.map(({ code }) => code) };
    if (analysed)
      this.#options.log.info(
        { code: "SCAN_ANALYSED", ...about, detections: detections.length },
        "a scan is analysed",
      );
    else this.#options.log.warn({ code: "SCAN_NOT_ANALYSED", ...about }, "a scan could not be analysed");
  }

  #took(stage: "store" | "inference" | "fusion", began: number): void {
    this.#options.took?.(stage, (performance.now() - began) / 1000);
  }

  /** Tells the machine of a committed score (RESULT); best effort. */
  async tell(scored: Scored): Promise<void> {
    const { data, scan } = scored;
    await this.#options.driver.result({
      scanRef: scan.key.scanRef,
      scanId: scan.scanId,
      revision: Number(data["revision"]),
      decision: String(data["decision"]),
      recommendation: String(data["recommendation"]),
      detections: data["detections"] as readonly unknown[],
    });
  }

  #reading(reading: Reading): void {
    const late = this.#options.tracker.reading(reading);
    if (late !== null) this.#follow(this.#lateReading(late));
    this.#settleLater();
  }

  /** A late reading is the last scan's once no other item has claimed it (tracker.ts, `settle`). */
  #settleLater(): void {
    clearTimeout(this.#settling);
    const { tracker, clock } = this.#options;
    if (tracker.settleAt === null || this.#abort.signal.aborted) return;
    const settle = () => {
      const late = tracker.settle(clock());
      if (late !== null) this.#follow(this.#lateReading(late));
      this.#settleLater();
    };
    this.#settling = setTimeout(settle, Math.max(1, tracker.settleAt - clock()));
  }

  async #lateReading(late: LateReading): Promise<void> {
    // The reading may come while its scan is still being made durable.
    await this.#taking.catch(() => undefined);
    const measured = withPortalFaults(late.update.measured, this.#options.peripherals);
    const update = { ...late.update, measured };
    const scored = await this.#options.scorer.rescore(late.scanId, "late-reading", update);
    if (scored !== null) await this.tell(scored);
  }

  #event(event: ScannerEvent): void {
    this.#follow(this.#options.alerts.raise({ ...event, lane: this.id }));
  }

  #follow(work: Promise<void>): void {
    const followed = work
      .catch((error: unknown) => {
        this.#options.work.scoreFailed += 1;
        this.#options.log.error(
          { err: error, lane: this.id },
          "a scan's processing failed; it is resumed at the next start",
        );
      })
      .finally(() => this.#underWay.delete(followed));
    this.#underWay.add(followed);
  }
}

/** The capture with what the belt says of its acquisition added to what the scanner says. */
function withFindings(capture: Capture, findings: readonly AcquisitionStatus[]): Capture {
  if (findings.length === 0) return capture;
  const said = capture.acquisition.filter((word) => word !== "SUCCESSFUL");
  return { ...capture, acquisition: [...new Set([...said, ...findings])] };
}
