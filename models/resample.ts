/** Separable resampling with a triangle filter as wide as a source or target pixel, whichever is larger (no aliasing). */

/** Counts as stored, or as resampled before. */
export type Samples = Uint16Array | Float32Array;

export interface Raster {
  readonly data: Samples;
  readonly width: number;
  readonly height: number;
}

interface Taps {
  readonly start: Int32Array;
  readonly count: Int32Array;
  readonly weights: Float64Array;
  readonly most: number;
}

/** Weights of the source samples for each target sample along one axis. */
function taps(from: number, to: number): Taps {
  const step = from / to;
  const support = Math.max(1, step);
  const most = Math.ceil(2 * support) + 2;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Float64Array(to * most);
  for (let i = 0; i < to; i += 1) {
    const centre = (i + 0.5) * step - 0.5;
    const first = Math.max(0, Math.ceil(centre - support));
    const last = Math.min(from - 1, Math.floor(centre + support));
    let total = 0;
    for (let k = first; k <= last; k += 1) {
      const weight = Math.max(0, 1 - Math.abs(k - centre) / support);
      weights[i * most + k - first] = weight;
      total += weight;
    }
    start[i] = first;
    count[i] = last - first + 1;
    for (let k = 0; k <= last - first; k += 1) weights[i * most + k]! /= total;
  }
  return { start, count, weights, most };
}

function sum(taps: Taps, i: number, at: (k: number) => number): number {
  let value = 0;
  const first = taps.start[i]!;
  for (let k = 0; k < taps.count[i]!; k += 1) value += taps.weights[i * taps.most + k]! * at(first + k);
  return value;
}

/** `source` at another size, row-major; the samples unchanged when the size is the same. */
export function resample(source: Raster, size: { readonly width: number; readonly height: number }): Samples {
  if (source.width === size.width && source.height === size.height) return source.data;
  const across = taps(source.width, size.width);
  const down = taps(source.height, size.height);
  const rows = new Float32Array(source.height * size.width);
  for (let y = 0; y < source.height; y += 1) {
    const row = y * source.width;
    for (let x = 0; x < size.width; x += 1)
      rows[y * size.width + x] = sum(across, x, (k) => source.data[row + k]!);
  }
  const out = new Float32Array(size.height * size.width);
  for (let y = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1)
      out[y * size.width + x] = sum(down, y, (k) => rows[k * size.width + x]!);
  }
  return out;
}
