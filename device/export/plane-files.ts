import type { ViewPlanes } from "../inference/planes.ts";
import { encodePng } from "../inference/png16.ts";

/** A file under `images/`. */
export interface PlaneFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/** The planes of a view as `lynceus evaluate` and the training read them, with a sidecar where the air level is known. */
export function planeFiles(stem: string, view: ViewPlanes, airLevel: number | null): readonly PlaneFile[] {
  const { width, height, low, high, single, rgb } = view;
  const png = (path: string, plane: { grey16: Uint16Array } | { rgb8: Uint8Array }): PlaneFile => ({
    path,
    content: encodePng({ width, height, ...plane }),
  });
  const images = [
    ...(low === undefined ? [] : [png(`${stem}.low.png`, { grey16: low })]),
    ...(high === undefined ? [] : [png(`${stem}.high.png`, { grey16: high })]),
    ...(single === undefined ? [] : [png(`${stem}.png`, { grey16: single })]),
    ...(rgb === undefined ? [] : [png(`${stem}.png`, { rgb8: rgb })]),
  ];
  // A pair needs both halves: one alone is an image of its own.
  const half = images.length === 1 ? images.map((file) => ({ ...file, path: `${stem}.png` })) : images;
  if (airLevel === null || rgb !== undefined) return half;
  return [...half, { path: `${stem}.json`, content: `${JSON.stringify({ airLevel })}\n` }];
}
