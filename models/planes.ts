/**
 * The pixel planes of one view of a scan, as the models read them.
 *
 * This is the only image type that crosses from `device` into `models`: plain typed arrays, row-major,
 * `index = y × width + x`, rows are detector pixels and columns are lines (contract `line-scan.md`, `model-package.md`).
 */

/** What kind of image a scan is. A model package names the kinds that it accepts; nothing else is run. */
export type ScanKind = "dual-energy" | "single-energy" | "pseudo-colour" | "other";

export interface ScanPlanes {
  readonly kind: ScanKind;
  /** View number, 0-based, as the scanner sends it. */
  readonly view: number;
  /** Columns, pixels (lines of the scan). */
  readonly width: number;
  /** Rows, pixels (detector elements). */
  readonly height: number;
  /** Millimetres per pixel at the belt, or null when the source does not say. */
  readonly pixelPitchMm: { readonly x: number; readonly y: number } | null;
  /** Sample value of unattenuated radiation (transmission 1), counts. */
  readonly airLevel: number;
  /** Low-energy plane, `width × height` counts; with `high` when `kind` is `dual-energy`. */
  readonly low?: Uint16Array;
  /** High-energy plane, `width × height` counts. */
  readonly high?: Uint16Array;
  /** The only plane of a `single-energy` scan, `width × height` counts. */
  readonly single?: Uint16Array;
  /** Interleaved R, G, B of a `pseudo-colour` or `other` image, `3 × width × height` bytes. */
  readonly rgb?: Uint8Array;
}
