import { identify, MAX_SCAN_TEXT } from "../../protocols/identifiers/identify.ts";
import { LineSplitter } from "../../protocols/line-splitter.ts";
import type { ItemIdentifier } from "../scan.ts";
import type { Peripheral } from "./port.ts";
import { type PeripheralOptions, supervisedPeripheral } from "./supervised.ts";

/** Labels a reader may send within {@link FLOOD_WINDOW_MS}; a reader that says more is broken, the rest is dropped. */
export const MAX_LABELS_PER_WINDOW = 100;
const FLOOD_WINDOW_MS = 1_000;

/**
 * A bar code reader in line mode: one symbol a line, AIM identifier first where the reader is set so, CR or LF at the end.
 * Only identifiers leave this file; the label's text is never kept, logged or handed on.
 */
export function barcodeLineReader(options: PeripheralOptions): Peripheral {
  const { id, clock, log } = options;
  return supervisedPeripheral("barcode", options, async (link, context, emit) => {
    const splitter = new LineSplitter({ maxLength: MAX_SCAN_TEXT });
    const flood = new FloodGate();
    for await (const chunk of link.source) {
      for (const line of splitter.push(chunk)) {
        const at = clock();
        if (!flood.lets(at)) continue;
        if (line.kind === "overlong") {
          log.warn({ device: id, limit: line.limit }, "the reader sent a line that is too long; dropped");
          continue;
        }
        context.healthy();
        const identifiers = identify(line.text).map(fromLabel);
        if (identifiers.length === 0)
          log.info({ device: id }, "the reader sent a label without an identifier");
        else emit({ kind: "identifier", device: id, at, identifiers });
      }
    }
  });
}

function fromLabel(found: ReturnType<typeof identify>[number]): ItemIdentifier {
  // A wrong check digit is most often a damaged label: kept and said, never matched silently.
  return { ...found, source: "barcode", confidence: found.checkOk === false ? 0.5 : 1 };
}

/** Lets at most {@link MAX_LABELS_PER_WINDOW} labels a second pass. Times in ms. */
class FloodGate {
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  lets(at: number): boolean {
    if (at - this.#since >= FLOOD_WINDOW_MS || at < this.#since) {
      this.#since = at;
      this.#count = 0;
    }
    this.#count += 1;
    return this.#count <= MAX_LABELS_PER_WINDOW;
  }
}
