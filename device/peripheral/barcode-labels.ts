import { identify } from "../../protocols/identifiers/identify.ts";
import type { ItemIdentifier } from "../scan.ts";
import type { Reading } from "./port.ts";
import type { PeripheralOptions } from "./supervised.ts";

/** Labels a reader may send within {@link FLOOD_WINDOW_MS}; a reader that says more is broken, the rest is dropped. */
export const MAX_LABELS_PER_WINDOW = 100;
const FLOOD_WINDOW_MS = 1_000;

/**
 * Turns what a reader reads into readings, at most {@link MAX_LABELS_PER_WINDOW} a second. Only identifiers leave it; the
 * label's text is never kept, logged or handed on.
 */
export class Labels {
  readonly #options: PeripheralOptions;
  readonly #emit: (reading: Reading) => void;
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(options: PeripheralOptions, emit: (reading: Reading) => void) {
    this.#options = options;
    this.#emit = emit;
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
    return this.#count <= MAX_LABELS_PER_WINDOW;
  }
}

function fromLabel(found: ReturnType<typeof identify>[number]): ItemIdentifier {
  // A wrong check digit is most often a damaged label: kept and said, never matched silently.
  return { ...found, source: "barcode", confidence: found.checkOk === false ? 0.5 : 1 };
}
