/** Planes of one view as they are shown and judged: counts with one air level, or interleaved 8-bit R, G, B; row-major. */
export interface PicturePlanes {
  readonly width: number;
  readonly height: number;
  readonly airLevel: number;
  readonly low?: Uint16Array;
  readonly high?: Uint16Array;
  readonly single?: Uint16Array;
  readonly rgb?: Uint8Array;
}
