import { WedgeDecoder, type WedgeRules } from "../../protocols/hid/evdev.ts";
import { Labels } from "./barcode-labels.ts";
import type { Peripheral } from "./port.ts";
import { type PeripheralOptions, supervisedPeripheral } from "./supervised.ts";

/** A bar code reader that types (keyboard wedge), grabbed so that nothing else hears it. */
export function barcodeWedgeReader(options: PeripheralOptions & WedgeRules): Peripheral {
  return supervisedPeripheral("barcode", options, async (link, context, emit, report) => {
    const decoder = new WedgeDecoder(options);
    const labels = new Labels(options, emit, report);
    try {
      for await (const chunk of link.source) {
        for (const result of decoder.push(chunk)) {
          if (result.kind === "rejected") labels.noLabel(`keys that are no label (${result.why}); dropped`);
          else {
            context.healthy();
            labels.label(result.text);
          }
        }
      }
    } finally {
      labels.close();
    }
  });
}
