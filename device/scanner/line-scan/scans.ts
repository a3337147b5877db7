import { isLynceusError } from "../../../protocols/errors.ts";
import type { Hello, MessageInput, NakCode, ScanEnd, ScanStart } from "../../../protocols/line-scan/index.ts";
import {
  decodeLines,
  LINES_HEADER_BYTES,
  MAX_MISSING_RANGES,
  MAX_OPEN_SCANS,
} from "../../../protocols/line-scan/index.ts";
import type { Capture, ScanKey } from "../../scan.ts";
import type { ScanStore, ScanWriter } from "../../spool/port.ts";
import type { ScanEnded, ScanLost, ScannerEvent } from "../port.ts";
import { Assembly, acquisitionOf, kindOf } from "./assembly.ts";
import type { ClockOffset } from "./clock-offset.ts";
import { scanNotStored, scanRefReused, scanTooLarge } from "./events.ts";
import { scannerIdentifiers } from "./identifiers.ts";

/** Numbers of refused or already stored scans that are remembered, so that their lines are dropped quietly. */
const MAX_SKIPPED = 64;

/** Numbers of scans never begun that are remembered, so that each counts as lost once. */
const MAX_UNKNOWN = 64;

/** A scan whose lines are dropped: stored already, on its way to the disk, or refused. */
interface SkippedScan {
  readonly key: ScanKey;
  readonly refused: boolean;
}

interface OpenScan {
  readonly key: ScanKey;
  readonly assembly: Assembly;
  readonly writer: ScanWriter;
  readonly beganAt: number;
  /** When the item was under the detector last, gateway clock; null before SCAN_END first came. */
  capturedAt: number | null;
  /** LINES that do not fit HELLO were told once. */
  objected: boolean;
}

/** What the scans of one connection need around them. */
export interface ScansContext {
  readonly lane: string;
  readonly store: ScanStore;
  readonly hello: Hello;
  readonly maxScanBytes: number;
  readonly offset: ClockOffset;
  readonly clock: () => number;
  nak(nak: MessageInput<"NAK"> & { code: NakCode }): void;
  /** SCAN_END's ACK. */
  acknowledge(scanRef: string, scanId: string): void;
  /** Whether a capture of this key is on its way to the disk. */
  inFlight(key: ScanKey): boolean;
  /** Hands a finished capture on; resolves when it was taken, false when nobody will take it any more. */
  hand(capture: Capture): Promise<boolean>;
  event(event: ScannerEvent): void;
  scanStarted(at: number): void;
  scanEnded(end: ScanEnded): void;
  scanLost(loss: ScanLost): void;
  /** Open scans have changed. */
  changed(open: number): void;
}

/** The scans of one connection between SCAN_START and SCAN_END. */
export class Scans {
  readonly #context: ScansContext;
  readonly #open = new Map<number, OpenScan>();
  readonly #skipped = new Map<number, SkippedScan>();
  readonly #unknown = new Set<number>();

  constructor(context: ScansContext) {
    this.#context = context;
  }

  get open(): number {
    return this.#open.size;
  }

  async start(start: ScanStart): Promise<void> {
    const { hello, store, lane } = this.#context;
    const key = { serial: hello.serial, scanRef: start.scanRef, startedAt: start.startedAt };
    this.#context.offset.sample(start.startedAt, this.#context.clock(), "start");
    this.#unknown.delete(start.scan);
    this.#skipped.delete(start.scan);
    if (this.#continues(start.scan, key)) return;
    await this.#drop(start.scan);
    if (this.#context.inFlight(key)) return this.#skip(start.scan, key);
    const known = await store.find(lane, key);
    if (known?.otherStart) this.#context.event(scanRefReused(key, known.scanId));
    else if (known?.complete) {
      this.#skip(start.scan, key);
      this.#context.acknowledge(key.scanRef, known.scanId);
      return;
    }
    await this.#begin(start, key);
  }

  /** The payload of a LINES frame: on disk when this resolves. */
  async lines(payload: Uint8Array): Promise<void> {
    const number = scanNumber(payload);
    const scan = number === null ? undefined : this.#open.get(number);
    if (number !== null && scan === undefined) {
      if (!this.#skipped.has(number)) this.#neverBegun(number);
      return;
    }
    try {
      const lines = decodeLines(payload);
      const objection = scan?.assembly.objection(lines) ?? null;
      if (scan === undefined || objection !== null) return this.#object(scan, objection ?? "");
      const height = lines.detectorPixels;
      const plane = { view: lines.view, energy: lines.energy, height };
      await scan.writer.writeLines(plane, lines.firstLine, payload.subarray(LINES_HEADER_BYTES));
      scan.assembly.record(lines);
    } catch (error) {
      if (isLynceusError(error, "LYN_LINES_PAYLOAD")) return this.#object(scan, error.message);
      if (number === null || scan === undefined) throw error;
      await this.#giveUp(number, scan, error);
    }
  }

  async end(end: ScanEnd): Promise<void> {
    const scan = this.#open.get(end.scan);
    if (scan === undefined) return this.#endOfOther(end);
    scan.capturedAt ??= this.#ended(scan, end);
    const objection =
      scan.key.scanRef === end.scanRef
        ? scan.assembly.endObjection(end)
        : `scan ${end.scan} is ${scan.key.scanRef}`;
    if (objection !== null) {
      this.#context.nak({ code: "BAD_LENGTH", message: objection, scanRef: end.scanRef });
      return;
    }
    const missing = scan.assembly.missing(end.planes, MAX_MISSING_RANGES);
    if (missing.length > 0 && !end.final) {
      const message = "Lines are missing; send them again, then SCAN_END";
      this.#context.nak({ code: "LINES_MISSING", message, scanRef: end.scanRef, missing: [...missing] });
      return;
    }
    try {
      await this.#finish(scan, end, missing.length === 0);
    } catch (error) {
      await this.#giveUp(end.scan, scan, error);
    }
  }

  /** The link is gone or began anew: what is open will be sent again, on the next connection. */
  async discard(): Promise<void> {
    for (const number of [...this.#open.keys()]) await this.#drop(number);
    this.#skipped.clear();
    this.#unknown.clear();
  }

  /** The scanner sends a whole open scan again: what has come already stays, repeats are harmless. */
  #continues(number: number, key: ScanKey): boolean {
    for (const [other, scan] of this.#open) {
      if (!sameKey(scan.key, key)) continue;
      if (other === number) return true;
      if (this.#open.has(number)) return false;
      this.#open.delete(other);
      this.#open.set(number, scan);
      return true;
    }
    return false;
  }

  async #begin(start: ScanStart, key: ScanKey): Promise<void> {
    const { store, lane, maxScanBytes, clock, hello } = this.#context;
    if (this.#open.size >= MAX_OPEN_SCANS) {
      return this.#refuse(start.scan, key, "LANE_BUSY", `${MAX_OPEN_SCANS} scans are open already`);
    }
    const admission = store.admission(lane);
    if (!admission.ok) return this.#refuse(start.scan, key, admission.code, admission.message);
    const beganAt = clock();
    try {
      const writer = await store.begin({ lane, maxBytes: maxScanBytes });
      const assembly = new Assembly(hello, start);
      this.#open.set(start.scan, { key, assembly, writer, beganAt, capturedAt: null, objected: false });
    } catch (error) {
      return this.#refuse(start.scan, key, "SPOOL_FULL", `The scan cannot be stored: ${messageOf(error)}`);
    }
    this.#context.scanStarted(beganAt);
    this.#context.changed(this.#open.size);
  }

  #ended(scan: OpenScan, end: ScanEnd): number {
    const at = this.#context.clock();
    const capturedAt = this.#context.offset.capturedAt(end.endedAt, at);
    this.#context.scanEnded({ beganAt: scan.beganAt, capturedAt, at });
    return capturedAt;
  }

  async #finish(scan: OpenScan, end: ScanEnd, whole: boolean): Promise<void> {
    const { clock } = this.#context;
    const written = await scan.writer.finish(end.planes);
    const listed = written.filter(
      (plane) =>
        plane.width > 0 &&
        end.planes.some((each) => each.view === plane.view && each.energy === plane.energy),
    );
    const views = scan.assembly.views(listed);
    const { start } = scan.assembly;
    const capture: Capture = {
      key: scan.key,
      scanId: scan.writer.scanId,
      directory: scan.writer.directory,
      beganAt: scan.beganAt,
      capturedAt: scan.capturedAt ?? clock(),
      receivedAt: clock(),
      kind: kindOf(views),
      views,
      planes: listed,
      acquisition: acquisitionOf(end.acquisition, whole),
      purpose: start.purpose,
      origin: start.origin,
      airLevel: this.#context.hello.airLevel,
      identifiers: scannerIdentifiers(start.identifiers),
    };
    this.#open.delete(end.scan);
    this.#skip(end.scan, scan.key);
    this.#context.changed(this.#open.size);
    const taken = await this.#context.hand(capture);
    if (!taken) await scan.writer.discard();
  }

  /** SCAN_END of a scan that is not open: refused, on its way, stored already, or its SCAN_START was damaged. */
  async #endOfOther(end: ScanEnd): Promise<void> {
    const { store, lane } = this.#context;
    const skipped = this.#skipped.get(end.scan);
    if (skipped?.refused) return; // told when it began
    if (skipped !== undefined && this.#context.inFlight(skipped.key)) return; // its ACK comes when it is durable
    if (skipped !== undefined) {
      const known = await store.find(lane, skipped.key);
      if (known?.complete && !known.otherStart) {
        this.#context.acknowledge(skipped.key.scanRef, known.scanId);
        return;
      }
    }
    this.#neverBegun(end.scan);
    const message = "No SCAN_START of this scan was received; send the whole scan";
    this.#context.nak({ code: "BAD_SEQUENCE", message, scanRef: end.scanRef });
  }

  /** The SCAN_START of a scan was damaged: its item goes by without a capture, for now. */
  #neverBegun(number: number): void {
    if (this.#unknown.has(number) || this.#unknown.size >= MAX_UNKNOWN) return;
    this.#unknown.add(number);
    this.#context.scanLost({ at: this.#context.clock(), beganAt: null });
  }

  #object(scan: OpenScan | undefined, message: string): void {
    if (scan?.objected) return;
    if (scan !== undefined) scan.objected = true;
    this.#context.nak({
      code: "BAD_LENGTH",
      message: `LINES: ${message}`.slice(0, 500),
      ...(scan === undefined ? {} : { scanRef: scan.key.scanRef }),
    });
  }

  async #giveUp(number: number, scan: OpenScan, error: unknown): Promise<void> {
    const tooLarge = isLynceusError(error, "LYN_SCAN_TOO_LARGE", "LYN_PLANE_TOO_LARGE");
    await this.#drop(number);
    this.#tell(number, scan.key, tooLarge ? "SCAN_TOO_LARGE" : "SPOOL_FULL", messageOf(error));
    const event = tooLarge ? scanTooLarge : scanNotStored;
    this.#context.event(event(scan.key, messageOf(error)));
  }

  #refuse(number: number, key: ScanKey, code: NakCode, message: string): void {
    this.#context.scanLost({ at: this.#context.clock(), beganAt: null });
    this.#tell(number, key, code, message);
  }

  #tell(number: number, key: ScanKey, code: NakCode, message: string): void {
    this.#skip(number, key, true);
    this.#context.nak({ code, message: message.slice(0, 500), scanRef: key.scanRef });
  }

  /** Drops an open scan and what was written of it. */
  async #drop(number: number): Promise<void> {
    const scan = this.#open.get(number);
    if (scan === undefined) return;
    this.#open.delete(number);
    this.#context.scanLost({ at: this.#context.clock(), beganAt: scan.beganAt });
    this.#context.changed(this.#open.size);
    await scan.writer.discard();
  }

  #skip(number: number, key: ScanKey, refused = false): void {
    this.#skipped.delete(number);
    this.#skipped.set(number, { key, refused });
    const oldest = this.#skipped.keys().next();
    if (this.#skipped.size > MAX_SKIPPED && !oldest.done) this.#skipped.delete(oldest.value);
  }
}

/** `scan` of a LINES payload, null when it is too short to have one. */
function scanNumber(payload: Uint8Array): number | null {
  if (payload.length < 4) return null;
  return new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true);
}

function sameKey(a: ScanKey, b: ScanKey): boolean {
  return a.serial === b.serial && a.scanRef === b.scanRef && a.startedAt === b.startedAt;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
