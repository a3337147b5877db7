import { barcodeLineReader } from "./barcode-line.ts";
import type { Peripheral } from "./port.ts";
import { mtSicsScale } from "./scale-mt-sics.ts";
import type { PeripheralOptions } from "./supervised.ts";

/** A peripheral as the configuration names it (`cli.md`, `lanes[].peripherals`). */
export type PeripheralSpec = PeripheralOptions &
  (
    | { readonly kind: "barcode"; readonly protocol: "line" }
    | { readonly kind: "scale"; readonly protocol: "mt-sics" }
  );

/** The peripheral for a kind and protocol; inert until `start()`. */
export function openPeripheral(spec: PeripheralSpec): Peripheral {
  switch (spec.kind) {
    case "barcode":
      return barcodeLineReader(spec);
    case "scale":
      return mtSicsScale(spec);
  }
}
