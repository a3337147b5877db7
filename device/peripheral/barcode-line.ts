import { MAX_SCAN_TEXT } from "../../protocols/identifiers/identify.ts";
import { LineSplitter } from "../../protocols/line-splitter.ts";
import { Labels } from "./barcode-labels.ts";
import type { Peripheral } from "./port.ts";
import { type PeripheralOptions, supervisedPeripheral } from "./supervised.ts";

/**
 * A bar code reader in line mode, over TCP, RS-232 or USB CDC: one symbol a line, AIM identifier first where the reader is
 * set so, CR or LF at the end.
 */
export function barcodeLineReader(options: PeripheralOptions): Peripheral {
  return supervisedPeripheral("barcode", options, async (link, context, emit, report) => {
    const splitter = new LineSplitter({ maxLength: MAX_SCAN_TEXT });
    const labels = new Labels(options, emit, report);
    try {
      for await (const chunk of link.source) {
        for (const line of splitter.push(chunk)) {
          if (line.kind === "overlong") labels.noLabel("the reader sent a line that is too long; dropped");
          else {
            context.healthy();
            labels.label(line.text);
          }
        }
      }
    } finally {
      labels.close();
    }
  });
}
