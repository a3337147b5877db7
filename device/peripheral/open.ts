import type { WedgeRules } from "../../protocols/hid/evdev.ts";
import type { ScaleProfile, ScaleProfileName } from "../../protocols/scale/profile.ts";
import { barcodeHidReader } from "./barcode-hid.ts";
import { barcodeLineReader } from "./barcode-line.ts";
import { barcodeWedgeReader } from "./barcode-wedge.ts";
import type { Peripheral } from "./port.ts";
import { aspectPortal } from "./radiation/aspect.ts";
import { n42Keeper } from "./radiation/n42-files.ts";
import { n42Portal } from "./radiation/n42-stream.ts";
import type { PortalOptions } from "./radiation/portal.ts";
import { vm250Portal } from "./radiation/vm250.ts";
import { mtSicsScale } from "./scale-mt-sics.ts";
import { profileScale } from "./scale-profile.ts";
import type { PeripheralOptions } from "./supervised.ts";

/** A peripheral as the configuration names it (`cli.md`, `lanes[].peripherals`). */
export type PeripheralSpec = PeripheralOptions &
  (
    | { readonly kind: "barcode"; readonly protocol: "line" }
    | { readonly kind: "barcode"; readonly protocol: "hid-pos"; readonly beep?: boolean | undefined }
    | ({ readonly kind: "barcode"; readonly protocol: "wedge" } & WedgeRules)
    | { readonly kind: "scale"; readonly protocol: "mt-sics" }
    | {
        readonly kind: "scale";
        readonly protocol: "profile";
        readonly profile: ScaleProfile | ScaleProfileName;
      }
    | { readonly kind: "radiation"; readonly protocol: "vm250" | "n42"; readonly n42?: string | undefined }
    | {
        readonly kind: "radiation";
        readonly protocol: "aspect";
        readonly unit: number;
        readonly n42?: string | undefined;
      }
  );

/** The peripheral for a kind and protocol; inert until `start()`. */
export function openPeripheral(spec: PeripheralSpec): Peripheral {
  switch (spec.protocol) {
    case "line":
      return barcodeLineReader(spec);
    case "hid-pos":
      return barcodeHidReader(spec);
    case "wedge":
      return barcodeWedgeReader(spec);
    case "mt-sics":
      return mtSicsScale(spec);
    case "profile":
      return profileScale(spec);
    case "vm250":
      return vm250Portal(portal(spec, spec.n42));
    case "n42":
      return n42Portal(portal(spec, spec.n42));
    case "aspect":
      return aspectPortal({ ...portal(spec, spec.n42), url: spec.transport.url, unit: spec.unit });
  }
}

function portal(options: PeripheralOptions, folder: string | undefined): PortalOptions {
  return folder === undefined ? options : { ...options, keep: n42Keeper({ ...options, folder }) };
}
