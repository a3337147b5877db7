import type { CargoTruth } from "./cargo/truth.ts";
import type { Tier } from "./tiers.ts";

/** How far a declaration agrees with its parcel. */
export type DeclarationState = "right" | "vague" | "wrong" | "missing";

/** One object of a threat class that is really there, as one view shows it. */
export interface TargetTruth {
  /** Number of the object in the scan, from 1; the same in each view. */
  readonly object: number;
  readonly view: 0 | 1;
  readonly class: string;
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly massKg: number;
  /** Run lengths of the mask inside the box, row-major, beginning with a run outside the target. */
  readonly maskRle: readonly number[];
  /** Contrast-to-noise of its mark against the same scan without it; see `tiers.ts`. */
  readonly contrast: number;
  /** Share of the mask that the rest of the scan hides, 0–1; see `tiers.ts`. */
  readonly occluded: number;
  readonly tier: Tier;
}

/** What is true of a simulated parcel, whatever its papers say. */
export interface ScanTruth {
  readonly seed: number;
  readonly index: number;
  readonly targets: readonly TargetTruth[];
  /** Goods groups by share of net mass (the packaging not counted), heaviest first; shares sum to 1. */
  readonly groups: readonly { readonly group: string; readonly share: number; readonly massKg: number }[];
  /** Gross, what a scale shows. */
  readonly massKg: number;
  readonly identifiers: readonly {
    readonly scheme: string;
    readonly value: string;
    readonly checkOk: boolean | null;
  }[];
  /** What a barcode reader sends, with its AIM prefix. */
  readonly label: string;
  /** `customs-aed/1.0` with placeholder times (see `declarationAt`); null where none was made. */
  readonly declaration: object | null;
  readonly declarationState: DeclarationState;
  /** Reason codes that are true of this parcel; empty = regular. */
  readonly irregularities: readonly string[];
  /** Of containers, pallets and unit load devices. */
  readonly cargo?: CargoTruth;
}
