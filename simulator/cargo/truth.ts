/** Bins of a load profile (contract `mqtt.md`, `load.profile`). */
export const PROFILE_BINS = 64;
/** Share of the length that holds load, from which a container counts as loaded, and below which as part-loaded. */
export const LOADED_FROM = 0.8;
export const PART_UNTIL = 0.72;
/** Fill of a bin from which its length counts as holding load. */
export const OCCUPIED_FROM = 0.06;
/** Areal density of load that fills a row's ray, g/cm²: less is dunnage, air bags, straps. */
export const LOAD_THRESHOLD = 1.5;

export type LoadState = "empty" | "part" | "loaded";

export interface PixelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is true of a container, pallet or unit load device, whatever its papers say. */
export interface CargoTruth {
  /** `dry20 dry40 highcube40 reefer20 reefer40 tank20`, `pallet` or `uld`. */
  readonly carrier: string;
  /**
   * By the share of the inside length that holds load: none is `empty`, `LOADED_FROM` and more is `loaded`, between is
   * `part`, however high it is stacked. Of a tank, by its level.
   */
  readonly state: LoadState;
  /** Share of the inside height that load fills, 0..1, in equal parts of the inside length, left to right of the image. */
  readonly profile: readonly number[];
  /** Place of the inside in the image. */
  readonly inside: PixelBox;
  /** Kinds of load that it holds. */
  readonly loads: readonly string[];
  /** The part of the load that is not what the papers name; null where there is none. */
  readonly misdeclared: { readonly box: PixelBox; readonly group: string; readonly massKg: number } | null;
  /** Without the carrier, kg. */
  readonly netKg: number;
}

/** State of a carrier from its profile. */
export function stateOf(profile: readonly number[], tank: boolean): LoadState {
  const mean = profile.reduce((sum, fill) => sum + fill, 0) / profile.length;
  const occupied = profile.filter((fill) => fill >= OCCUPIED_FROM).length / profile.length;
  const extent = tank ? mean : occupied;
  if (extent === 0 || mean < 0.004) return "empty";
  const limit = (LOADED_FROM + PART_UNTIL) / 2;
  return extent >= limit ? "loaded" : "part";
}
