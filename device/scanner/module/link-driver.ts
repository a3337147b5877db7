import { LynceusError } from "../../../protocols/errors.ts";
import type { AcquisitionStatus } from "../../../protocols/vocabulary.ts";
import { pause } from "../../backoff.ts";
import { Listeners } from "../../listeners.ts";
import { CalibrationAge } from "../../profile/age.ts";
import type { Calibration } from "../../profile/calibration.ts";
import type { Capture, Energy, ItemIdentifier, ScanKey, ScanKind, ScanView } from "../../scan.ts";
import type { Admission, ScanWriter } from "../../spool/port.ts";
import type { Link, LinkState } from "../../transport/port.ts";
import { LinkSupervisor } from "../../transport/supervisor.ts";
import { HandOver } from "../line-scan/hand-over.ts";
import type {
  ScanEnded,
  ScanLost,
  ScannerDriver,
  ScannerEvent,
  ScannerMachine,
  ScannerState,
  ScanResult,
} from "../port.ts";
import type { DriverContext } from "./api.ts";

/** A vendor's `serve` has so long to end after the abort, ms; then its link is closed and nobody waits any more. */
const STOP_MS = 3_000;

/** What a machine says of a scan when it is over. */
export interface FinishedScan {
  readonly key: ScanKey;
  readonly kind: ScanKind;
  readonly views: readonly ScanView[];
  /** Counts in air; null unknown. */
  readonly airLevel: number | null;
  /** Absent: `["SUCCESSFUL"]`. */
  readonly acquisition?: readonly AcquisitionStatus[];
  /** Absent: `OPERATIONAL`. */
  readonly purpose?: Capture["purpose"];
  /** Absent: `MACHINE`. */
  readonly origin?: Capture["origin"];
  readonly identifiers?: readonly ItemIdentifier[];
}

/** Whether the gateway has the scan: only then may the machine delete its copy. */
export type Delivery =
  | { readonly stored: true; readonly scanId: string }
  | { readonly stored: false; readonly code: string; readonly message: string };

/** One scan on its way from the machine to the disk. */
export interface DriverScan {
  /** Lines of a plane, u16 little-endian, line after line, from line `firstLine` on. */
  lines(
    plane: { view: number; energy: Energy; height: number },
    firstLine: number,
    samples: Uint8Array,
  ): Promise<void>;
  /** A whole plane, row by row. */
  plane(
    plane: { view: number; energy: Energy; width: number; height: number; format: "u16" | "rgb8" },
    data: Uint8Array,
  ): Promise<void>;
  /** Hands the scan over; resolves once it is durable or refused. A scan that the gateway has already is `stored` at once. */
  deliver(finished: FinishedScan): Promise<Delivery>;
  /** The scan will not come: what was written is dropped. */
  discard(): Promise<void>;
}

/** What a driver of a link works with, one for each link. */
export interface DriverSession {
  /** Aborts when the driver stops. */
  readonly signal: AbortSignal;
  /** The peer has proven to be the right machine: the next loss starts with the shortest wait. */
  healthy(): void;
  /** Who the machine says that it is, for `info` (`mqtt.md`). Without it the serial number of its scans is told. */
  machine(machine: ScannerMachine): void;
  /** Whether a new scan may be taken now, and why not. */
  admission(): Admission;
  /** An item begins. Rejects with LYN_SPOOL_FULL when it cannot be stored now. */
  begin(): Promise<DriverScan>;
  event(event: ScannerEvent): void;
  /** What raw counts are corrected by now; the operator hears of it, once, when it is older than the lane allows. */
  calibrated(calibration: Pick<Calibration, "darkAt" | "airAt">): void;
  /** Called with each result until the link ends. Best effort. */
  onResult(listener: (result: ScanResult) => void): void;
}

/**
 * A scanner driver over one link: the vendor writes `serve`, which reads the link and calls the session; opening, reopening,
 * states, back-pressure, hand-over and stopping are done here.
 */
export function linkDriver(options: {
  readonly context: DriverContext;
  /** URL of the machine. */
  readonly transport: string;
  /** Uses one link until it ends (resolve) or the peer is wrong (reject). */
  readonly serve: (link: Link, session: DriverSession) => Promise<void>;
}): ScannerDriver {
  return new LinkDriver(options);
}

class LinkDriver implements ScannerDriver {
  readonly #context: DriverContext;
  readonly #supervisor: LinkSupervisor;
  readonly #captures = new HandOver<Capture>();
  readonly #waiting = new Map<string, (delivery: Delivery) => void>();
  readonly #states = new Listeners<ScannerState>();
  readonly #events = new Listeners<ScannerEvent>();
  readonly #starts = new Listeners<number>();
  readonly #ends = new Listeners<ScanEnded>();
  readonly #lost = new Listeners<ScanLost>();
  readonly #open = new Set<OpenScan>();
  #results = new Listeners<ScanResult>();
  readonly #ended = new AbortController();
  readonly #age: CalibrationAge;
  #calibratedAt: number | null = null;
  #machine: ScannerMachine | null = null;
  /** The machine was named by the vendor's driver, not guessed from its scans. */
  #introduced = false;
  #state: ScannerState;

  constructor(options: Parameters<typeof linkDriver>[0]) {
    const { context, serve } = options;
    this.#context = context;
    const maxAgeMs = context.maxCalibrationAgeMs ?? Number.POSITIVE_INFINITY;
    this.#age = new CalibrationAge({ maxAgeMs, setting: "scanner.maxCalibrationAge" });
    this.#state = { state: "absent", code: "LYN_LINK_NOT_OPEN", since: context.clock() };
    this.#supervisor = new LinkSupervisor({
      transport: context.transport(options.transport),
      now: context.clock,
      log: context.log,
      serve: async (link, { signal, healthy }) => {
        this.#results = new Listeners();
        try {
          await serve(link, {
            signal,
            healthy,
            machine: (machine) => {
              this.#introduced = true;
              this.#named(machine);
            },
            admission: () => context.store.admission(context.lane),
            begin: () => this.#begin(),
            event: (event) => this.#events.tell(event),
            calibrated: ({ darkAt, airAt }) => {
              this.#calibratedAt = Math.min(darkAt, airAt);
              this.#checkAge();
            },
            onResult: (listener) => void this.#results.add(listener),
          });
        } finally {
          for (const scan of [...this.#open]) await scan.discard();
        }
      },
    });
    this.#supervisor.onState((link) => this.#follow(link));
  }

  get state(): ScannerState {
    return this.#state;
  }

  get machine(): ScannerMachine | null {
    return this.#machine;
  }

  captures(): AsyncIterable<Capture> {
    return this.#captures.values();
  }

  async start(): Promise<void> {
    this.#supervisor.start();
  }

  async stop(): Promise<void> {
    this.#captures.close();
    for (const settle of this.#waiting.values()) settle(STOPPING);
    const late = pause(STOP_MS, this.#ended.signal).then(() => {
      if (!this.#ended.signal.aborted)
        this.#context.log.warn({ lane: this.#context.lane }, "the driver does not stop");
    });
    await Promise.race([this.#supervisor.stop(), late]);
    this.#ended.abort();
  }

  async acknowledge(capture: Capture, { scanId }: { scanId: string }): Promise<void> {
    this.#settle(capture, { stored: true, scanId });
  }

  async refuse(capture: Capture, code: string, message: string): Promise<void> {
    this.#settle(capture, { stored: false, code, message });
  }

  async result(result: ScanResult): Promise<void> {
    this.#results.tell(result);
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

  #settle(capture: Capture, delivery: Delivery): void {
    this.#waiting.get(capture.scanId)?.(delivery);
    this.#waiting.delete(capture.scanId);
  }

  async #begin(): Promise<DriverScan> {
    const { store, lane, maxScanBytes, clock } = this.#context;
    const admission = store.admission(lane);
    if (!admission.ok) {
      this.#set("paused", admission.code);
      throw new LynceusError("LYN_SPOOL_FULL", admission.message, {
        remedy: "Tell the machine to keep its scan and to send it again later",
        details: { code: admission.code },
      });
    }
    const beganAt = clock();
    const scan = new OpenScan(await store.begin({ lane, maxBytes: maxScanBytes }), {
      deliver: (finished, writer) => this.#deliver(finished, writer, beganAt),
      over: (delivered) => {
        this.#open.delete(scan);
        if (!delivered) this.#lost.tell({ at: clock(), beganAt });
        if (this.#open.size === 0 && this.#state.state === "scanning") this.#set("idle", null);
      },
    });
    this.#checkAge();
    this.#open.add(scan);
    this.#set("scanning", null);
    this.#starts.tell(beganAt);
    return scan;
  }

  async #deliver(finished: FinishedScan, writer: ScanWriter, beganAt: number): Promise<Delivery> {
    const { store, lane, clock } = this.#context;
    const receivedAt = clock();
    if (!this.#introduced) this.#named({ vendor: null, model: null, serial: finished.key.serial });
    const known = await store.find(lane, finished.key).catch(async (error: unknown) => {
      await writer.discard();
      throw error;
    });
    if (known?.complete && !known.otherStart) {
      await writer.discard();
      return { stored: true, scanId: known.scanId };
    }
    const planes = await writer.finish().catch(async (error: unknown) => {
      await writer.discard();
      throw error;
    });
    this.#ends.tell({ beganAt, capturedAt: receivedAt, at: receivedAt });
    const capture: Capture = {
      acquisition: ["SUCCESSFUL"],
      purpose: "OPERATIONAL",
      origin: "MACHINE",
      identifiers: [],
      ...finished,
      scanId: writer.scanId,
      directory: writer.directory,
      beganAt,
      capturedAt: receivedAt,
      receivedAt,
      planes,
    };
    const settled = new Promise<Delivery>((resolve) => this.#waiting.set(capture.scanId, resolve));
    if (!(await this.#captures.put(capture))) {
      this.#waiting.delete(capture.scanId);
      await writer.discard();
      return STOPPING;
    }
    return settled;
  }

  #named({ vendor, model, serial }: ScannerMachine): void {
    const machine = { vendor, model, serial };
    if (JSON.stringify(machine) === JSON.stringify(this.#machine)) return;
    this.#machine = machine;
    this.#states.tell(this.#state);
  }

  #checkAge(): void {
    if (this.#calibratedAt === null) return;
    const old = this.#age.take(this.#context.lane, this.#calibratedAt, this.#context.clock());
    if (old !== null) this.#events.tell(old);
  }

  #follow({ state, code }: LinkState): void {
    if (state === "connected") this.#set("idle", null);
    else this.#set("absent", code);
  }

  #set(state: ScannerState["state"], code: string | null): void {
    if (this.#state.state === state && this.#state.code === code) return;
    this.#state = { state, code, since: this.#context.clock() };
    this.#states.tell(this.#state);
  }
}

const STOPPING: Delivery = { stored: false, code: "PAUSED", message: "The gateway is stopping" };

class OpenScan implements DriverScan {
  readonly #writer: ScanWriter;
  readonly #owner: {
    readonly deliver: (finished: FinishedScan, writer: ScanWriter) => Promise<Delivery>;
    readonly over: (delivered: boolean) => void;
  };
  #over = false;

  constructor(
    writer: ScanWriter,
    owner: {
      readonly deliver: (finished: FinishedScan, writer: ScanWriter) => Promise<Delivery>;
      readonly over: (delivered: boolean) => void;
    },
  ) {
    this.#writer = writer;
    this.#owner = owner;
  }

  lines(plane: Parameters<DriverScan["lines"]>[0], firstLine: number, samples: Uint8Array): Promise<void> {
    return this.#writer.writeLines(plane, firstLine, samples);
  }

  plane(plane: Parameters<DriverScan["plane"]>[0], data: Uint8Array): Promise<void> {
    return this.#writer.writePlane(plane, data);
  }

  async deliver(finished: FinishedScan): Promise<Delivery> {
    if (this.#over) throw new TypeError("the scan is delivered or dropped already");
    this.#over = true;
    this.#owner.over(true);
    return this.#owner.deliver(finished, this.#writer);
  }

  async discard(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#owner.over(false);
    await this.#writer.discard();
  }
}
