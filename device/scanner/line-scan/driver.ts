import type { Hello, LineScanEvent, MessageInput, NakCode } from "../../../protocols/line-scan/index.ts";
import { NAK_CODES } from "../../../protocols/line-scan/index.ts";
import { Listeners } from "../../listeners.ts";
import { CalibrationAge } from "../../profile/age.ts";
import type { Capture, Scan, ScanKey } from "../../scan.ts";
import type { Link, LinkState } from "../../transport/port.ts";
import { LinkSupervisor, type ServeContext } from "../../transport/supervisor.ts";
import type {
  ScanEnded,
  ScanLost,
  ScannerDriver,
  ScannerEvent,
  ScannerMachine,
  ScannerState,
  ScanResult,
} from "../port.ts";
import { ClockOffset } from "./clock-offset.ts";
import { emergencyStop, scannerRefused } from "./events.ts";
import { HandOver } from "./hand-over.ts";
import { LossRate } from "./loss-rate.ts";
import { isActive } from "./machine-events.ts";
import { LINE_SCAN_TIMINGS, type LineScanOptions, type LineScanTimings } from "./options.ts";
import { Session } from "./session.ts";
import { turnAwaySurplus } from "./surplus.ts";

/** The driver `line-scan`: a scanner that speaks `line-scan.md`, over any transport. */
export class LineScanDriver implements ScannerDriver {
  readonly #options: LineScanOptions;
  readonly #timings: LineScanTimings;
  readonly #supervisor: LinkSupervisor;
  readonly #captures = new HandOver<Capture>();
  readonly #inFlight = new Map<string, Capture>();
  readonly #losses = new LossRate();
  readonly #states = new Listeners<ScannerState>();
  readonly #events = new Listeners<ScannerEvent>();
  readonly #starts = new Listeners<number>();
  readonly #ends = new Listeners<ScanEnded>();
  readonly #lost = new Listeners<ScanLost>();
  readonly #offset = new ClockOffset();
  readonly #age: CalibrationAge;
  #calibratedAt: number | null = null;
  #serial: string | null = null;
  #machine: ScannerMachine | null = null;
  #session: Session | null = null;
  #state: ScannerState;

  constructor(options: LineScanOptions) {
    this.#options = options;
    this.#timings = { ...LINE_SCAN_TIMINGS, ...options.timings };
    const maxAgeMs = options.maxCalibrationAgeMs ?? Number.POSITIVE_INFINITY;
    this.#age = new CalibrationAge({ maxAgeMs, setting: "scanner.maxCalibrationAge" });
    this.#state = { state: "absent", code: "LYN_LINK_NOT_OPEN", since: options.clock() };
    this.#supervisor = new LinkSupervisor({
      transport: options.transport,
      serve: (link, context) => this.#serve(link, context),
      onSurplus: (link) => void turnAwaySurplus(link, this.#timings),
      now: options.clock,
      log: options.log,
      ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
      ...(options.random === undefined ? {} : { random: options.random }),
    });
  }

  get state(): ScannerState {
    return this.#state;
  }

  /** Losses of sync since the start, for `health`. */
  get losses(): number {
    return this.#losses.total;
  }

  get machine(): ScannerMachine | null {
    return this.#machine;
  }

  captures(): AsyncIterable<Capture> {
    return this.#captures.values();
  }

  onState(listener: (state: ScannerState) => void): () => void {
    return this.#states.add(listener);
  }

  onEvent(listener: (event: ScannerEvent) => void): () => void {
    return this.#events.add(listener);
  }

  onScanStart(listener: (at: number) => void): () => void {
    return this.#starts.add(listener);
  }

  onScanEnd(listener: (end: ScanEnded) => void): () => void {
    return this.#ends.add(listener);
  }

  onScanLost(listener: (loss: ScanLost) => void): () => void {
    return this.#lost.add(listener);
  }

  async start(): Promise<void> {
    this.#supervisor.onState((state) => this.#linkChanged(state));
    this.#supervisor.start();
  }

  /** Ends the link; captures nobody took are dropped, for the scanner still has them. */
  async stop(): Promise<void> {
    this.#captures.close();
    await this.#supervisor.stop();
  }

  async acknowledge(capture: Capture, scan: Pick<Scan, "scanId">): Promise<void> {
    this.#inFlight.delete(keyText(capture.key));
    const { scanRef } = capture.key;
    this.#sessionOf(capture)?.send("ACK", { scanRef, scanId: scan.scanId });
  }

  async refuse(capture: Capture, code: string, message: string): Promise<void> {
    this.#inFlight.delete(keyText(capture.key));
    const { scanRef } = capture.key;
    const known = (NAK_CODES as readonly string[]).includes(code) ? (code as NakCode) : "SPOOL_FULL";
    this.#sessionOf(capture)?.send("NAK", { code: known, message: message.slice(0, 500), scanRef });
  }

  async result(result: ScanResult): Promise<void> {
    const message = { ...result, detections: result.detections.slice(0, 100) };
    this.#session?.send("RESULT", message as MessageInput<"RESULT">);
  }

  async #serve(link: Link, context: ServeContext): Promise<void> {
    const { lane, store, maxScanBytes, clock, serials } = this.#options;
    const session = new Session(link, {
      lane,
      store,
      maxScanBytes,
      clock,
      serials,
      timings: this.#timings,
      losses: this.#losses,
      offset: this.#offset,
      inFlight: (key) => this.#inFlight.has(keyText(key)),
      hand: (capture) => this.#hand(capture),
      event: (event) => this.#events.tell(event),
      scanStarted: (at) => {
        this.#checkCalibration();
        this.#starts.tell(at);
      },
      scanEnded: (end) => this.#ends.tell(end),
      scanLost: (loss) => this.#lost.tell(loss),
      changed: (open) => this.#set(open > 0 ? "scanning" : "idle", null),
      connected: (hello) => {
        context.healthy();
        this.#connected(hello);
      },
      refused: (code, message) => this.#refused(code, message),
      machineEvent: (event) => this.#machineEvent(event),
    });
    this.#session = session;
    try {
      await session.run();
    } finally {
      this.#session = null;
    }
  }

  async #hand(capture: Capture): Promise<boolean> {
    const key = keyText(capture.key);
    this.#inFlight.set(key, capture);
    const taken = await this.#captures.put(capture);
    if (!taken) this.#inFlight.delete(key);
    return taken;
  }

  /** The session through which a capture's scanner can be told; after a reconnection it is another one. */
  #sessionOf(capture: Capture): Session | null {
    return this.#session?.serial === capture.key.serial ? this.#session : null;
  }

  #connected(hello: Hello): void {
    // Items may have gone by while the link was down: their readings are nobody's, and their scans will be re-sent.
    if (this.#serial !== null) this.#lost.tell({ at: this.#options.clock(), beganAt: null });
    if (this.#serial !== hello.serial) this.#offset.reset();
    this.#serial = hello.serial;
    const { vendor = null, model = null, serial } = hello;
    this.#machine = { vendor, model, serial };
    this.#set("idle", null);
    this.#options.log.info(
      { lane: this.#options.lane, serial: hello.serial, vendor: hello.vendor, model: hello.model },
      "scanner connected",
    );
    this.#calibratedAt = calibrationOf(hello);
    this.#checkCalibration();
  }

  /** A machine may stay connected for weeks: its calibration is looked at with each scan. */
  #checkCalibration(): void {
    if (this.#calibratedAt === null || this.#serial === null) return;
    const old = this.#age.take(this.#serial, this.#calibratedAt, this.#options.clock());
    if (old !== null) this.#events.tell(old);
  }

  #refused(code: NakCode, message: string): void {
    this.#set("fault", code);
    this.#events.tell(scannerRefused(code, message));
  }

  #machineEvent(event: LineScanEvent): void {
    this.#options.log.info(
      { lane: this.#options.lane, kind: event.kind, state: event.state },
      "machine event",
    );
    if (event.kind !== "estop") return;
    const stopped = this.#state.code === "ESTOP";
    if (isActive(event.state) === stopped) return;
    this.#set(stopped ? "idle" : "fault", stopped ? null : "ESTOP");
    if (!stopped) this.#events.tell(emergencyStop(event.at));
  }

  /** A refusal stays visible until a scanner is accepted, though the link is gone by then. */
  #linkChanged(link: LinkState): void {
    if (link.state === "absent" && this.#state.state !== "fault") this.#set("absent", link.code);
    if (link.state === "absent" && this.#state.code === "ESTOP") this.#set("absent", link.code);
    if (link.state === "connected" && this.#state.state === "absent") this.#set("absent", "NO_HELLO");
  }

  #set(state: ScannerState["state"], code: string | null): void {
    if (this.#state.state === state && this.#state.code === code) return;
    this.#state = { state, code, since: this.#options.clock() };
    this.#states.tell(this.#state);
  }
}

/** When the older of dark and air was taken, as HELLO says, ms; null where it says nothing. */
function calibrationOf({ airAt, darkAt, calibratedAt }: Hello): number | null {
  const times = [airAt ?? calibratedAt, darkAt].flatMap((at) => (at == null ? [] : [Date.parse(at)]));
  return times.length === 0 ? null : Math.min(...times);
}

function keyText(key: ScanKey): string {
  return JSON.stringify([key.serial, key.scanRef, key.startedAt]);
}

/** A `line-scan` driver; inert until `start()`. */
export function createLineScanDriver(options: LineScanOptions): LineScanDriver {
  return new LineScanDriver(options);
}
