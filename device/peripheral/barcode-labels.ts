import { identify } from "../../protocols/identifiers/identify.ts";
import type { ItemIdentifier } from "../scan.ts";
import type { ScannerEvent } from "../scanner/port.ts";
import type { Reading } from "./port.ts";
import type { PeripheralOptions, Report } from "./supervised.ts";

/** Labels a reader may send within {@link FLOOD_WINDOW_MS}; a reader that says more is broken, the rest is dropped. */
export const MAX_LABELS_PER_WINDOW = 100;
const FLOOD_WINDOW_MS = 1_000;
/** A flood is over when nothing was dropped for so long, ms. */
const CALM_MS = 2_000;

/**
 * Turns what a reader reads into readings, at most {@link MAX_LABELS_PER_WINDOW} a second. Only identifiers leave it; the
 * label's text is never kept, logged or handed on. A flood is a fault of the reader while it lasts, and told once: labels of
 * real items go down in it.
 */
export class Labels {
  readonly #options: PeripheralOptions;
  readonly #emit: (reading: Reading) => void;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;
  readonly #report: Report;
  #flooded = false;
  #calm: NodeJS.Timeout | undefined;

  constructor(options: PeripheralOptions, emit: (reading: Reading) => void, report: Report) {
    this.#options = options;
    this.#emit = emit;
    this.#report = report;
  }

  /** The link has ended. */
  close(): void {
    clearTimeout(this.#calm);
  }

  /** Something the reader sent was dropped, here or before it came here. */
  flooded(): void {
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => {
      this.#flooded = false;
      this.#report.fault(null);
    }, CALM_MS).unref();
    if (this.#flooded) return;
    this.#flooded = true;
    const { id, log } = this.#options;
    log.warn({ device: id, most: MAX_LABELS_PER_WINDOW }, "the reader sends too much; labels are dropped");
    this.#report.fault(`the reader sends more than ${MAX_LABELS_PER_WINDOW} labels a second`);
    this.#report.event(floodEvent(id));
  }

  /** Takes a label; returns how many identifiers it holds, null when it was dropped as one of a flood. */
  label(text: string): number | null {
    const { id, clock, log } = this.#options;
    const at = clock();
    if (!this.#lets(at)) return null;
    const identifiers = identify(text).map(fromLabel);
    if (identifiers.length === 0) log.info({ device: id }, "the reader sent a label without an identifier");
    else this.#emit({ kind: "identifier", device: id, at, identifiers });
    return identifiers.length;
  }

  /** Takes what is no label; counts against the flood as one. */
  noLabel(what: string): void {
    const { id, clock, log } = this.#options;
    if (this.#lets(clock())) log.warn({ device: id }, what);
  }

  #lets(at: number): boolean {
    if (at - this.#since >= FLOOD_WINDOW_MS || at < this.#since) {
      this.#since = at;
      this.#count = 0;
    }
    this.#count += 1;
    if (this.#count > MAX_LABELS_PER_WINDOW) this.flooded();
    return this.#count <= MAX_LABELS_PER_WINDOW;
  }
}

function floodEvent(device: string): ScannerEvent {
  return {
    code: "READER_FLOOD",
    severity: "warning",
    message: `The reader ${device} sends more than ${MAX_LABELS_PER_WINDOW} labels a second; those beyond are dropped`,
    remedy: "Set the reader to send each label once, and have it looked at if that does not help.",
    details: { device, most: MAX_LABELS_PER_WINDOW },
  };
}

function fromLabel(found: ReturnType<typeof identify>[number]): ItemIdentifier {
  // A wrong check digit is most often a damaged label: kept and said, never matched silently.
  return { ...found, source: "barcode", confidence: found.checkOk === false ? 0.5 : 1 };
}
