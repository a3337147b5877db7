import type { ScaleProfile, ScaleProfileName } from "../../protocols/scale/profile.ts";
import { barcodeLineReader } from "./barcode-line.ts";
import type { Peripheral } from "./port.ts";
import { mtSicsScale } from "./scale-mt-sics.ts";
import { profileScale } from "./scale-profile.ts";
import type { PeripheralOptions } from "./supervised.ts";

/** A peripheral as the configuration names it (`cli.md`, `lanes[].peripherals`). */
export type PeripheralSpec = PeripheralOptions &
  (
    | { readonly kind: "barcode"; readonly protocol: "line" }
    | { readonly kind: "scale"; readonly protocol: "mt-sics" }
    | {
        readonly kind: "scale";
        readonly protocol: "profile";
        readonly profile: ScaleProfile | ScaleProfileName;
      }
  );

/** The peripheral for a kind and protocol; inert until `start()`. */
export function openPeripheral(spec: PeripheralSpec): Peripheral {
  switch (spec.protocol) {
    case "line":
      return barcodeLineReader(spec);
    case "mt-sics":
      return mtSicsScale(spec);
    case "profile":
      return profileScale(spec);
  }
}
