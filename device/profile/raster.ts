import { setImmediate as breath } from "node:timers/promises";

/** Pixels worked on before the event loop gets its turn: no other lane waits for a large plane. */
const BATCH = 1 << 20;
/** Pixels a plane may have after it was resampled (`line-scan.md`: 64 Mpx a plane). */
export const MAX_RASTER_PIXELS = 64_000_000;
const FULL_SCALE = 0xffff;

/** A plane in memory, row-major: 16-bit counts, or interleaved 8-bit R, G, B. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint16Array | Uint8Array;
}

/** Pixels at each edge. */
export interface Edges {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Rows exchanged with columns. */
export function transpose(raster: Raster): Promise<Raster> {
  const { width, height } = raster;
  return taken(raster, { width: height, height: width, from: 0, x: width, y: 1 });
}

/** Turned clockwise by so many degrees, then mirrored left to right. */
export async function orient(
  raster: Raster,
  { turn, mirror }: { readonly turn: 0 | 90 | 180 | 270; readonly mirror: boolean },
): Promise<Raster> {
  if (turn === 0 && !mirror) return raster;
  const { width: w, height: h } = raster;
  const last = w * h - 1;
  const walks = {
    0: { width: w, height: h, from: 0, x: 1, y: w },
    90: { width: h, height: w, from: w * (h - 1), x: -w, y: 1 },
    180: { width: w, height: h, from: last, x: -1, y: -w },
    270: { width: h, height: w, from: w - 1, x: w, y: -1 },
  } as const;
  const walk = walks[turn];
  return taken(raster, mirror ? { ...walk, from: walk.from + walk.x * (walk.width - 1), x: -walk.x } : walk);
}

/** Without its edges; at least one pixel stays. */
export async function crop(raster: Raster, { left, right, top, bottom }: Edges): Promise<Raster> {
  if (left + right + top + bottom === 0) return raster;
  const { width: w, height: h } = raster;
  const x0 = Math.min(left, w - 1);
  const y0 = Math.min(top, h - 1);
  const size = { width: Math.max(1, w - x0 - right), height: Math.max(1, h - y0 - bottom) };
  return taken(raster, { ...size, from: y0 * w + x0, x: 1, y: w });
}

/** Each sample through a table of what it becomes. */
export async function mapped(raster: Raster, table: Uint16Array): Promise<Raster> {
  const data = new Uint16Array(raster.data.length);
  await inBatches(data.length, 1, (from, to) => {
    for (let i = from; i < to; i++) data[i] = table[raster.data[i]!]!;
  });
  return { ...raster, data };
}

/**
 * What a detector's samples become: its full scale spread over 16 bits, and turned round where they are attenuation. What
 * saturates stays full.
 */
export function sampleTable(options: {
  readonly fullScale: number;
  readonly inverted: boolean;
}): Uint16Array {
  const { fullScale, inverted } = options;
  return Uint16Array.from({ length: FULL_SCALE + 1 }, (_, sample) => {
    const value = Math.round((Math.min(sample, fullScale) * FULL_SCALE) / fullScale);
    return inverted ? FULL_SCALE - value : value;
  });
}

/** With pixels of another size: the mean of what a larger one covers, between its neighbours for a smaller one. */
export async function resample(raster: Raster, factor: { x: number; y: number }): Promise<Raster> {
  const width = Math.max(1, Math.round(raster.width * factor.x));
  const height = Math.max(1, Math.round(raster.height * factor.y));
  if (width * height > MAX_RASTER_PIXELS) return raster;
  const wide = await resampledRows(raster, width);
  return transpose(await resampledRows(await transpose(wide), height));
}

async function resampledRows(raster: Raster, width: number): Promise<Raster> {
  const { height, channels, data } = raster;
  if (width === raster.width) return raster;
  const weights = weightsOf(raster.width, width);
  const out =
    data instanceof Uint16Array ? new Uint16Array(width * height) : new Uint8Array(width * height * channels);
  await inBatches(height, raster.width, (from, to) => {
    for (let y = from; y < to; y++) {
      for (let x = 0; x < width; x++) {
        const { first, shares } = weights[x]!;
        for (let c = 0; c < channels; c++) {
          let sum = 0.5;
          for (let k = 0; k < shares.length; k++)
            sum += shares[k]! * data[(y * raster.width + first + k) * channels + c]!;
          out[(y * width + x) * channels + c] = sum;
        }
      }
    }
  });
  return { width, height, channels, data: out };
}

/** Which old pixels a new one is made of, and their shares, which add up to 1. */
function weightsOf(from: number, to: number): { readonly first: number; readonly shares: number[] }[] {
  const step = from / to;
  return Array.from({ length: to }, (_, at) => {
    if (step <= 1) return between((at + 0.5) * step - 0.5, from);
    const [start, end] = [at * step, Math.min(from, (at + 1) * step)];
    const first = Math.floor(start);
    const shares: number[] = [];
    for (let old = first; old < end; old++)
      shares.push((Math.min(end, old + 1) - Math.max(start, old)) / (end - start));
    return { first, shares };
  });
}

function between(place: number, size: number): { readonly first: number; readonly shares: number[] } {
  const at = Math.min(size - 1, Math.max(0, place));
  const first = Math.min(size - 2, Math.floor(at));
  if (first < 0) return { first: 0, shares: [1] };
  return { first, shares: [1 - (at - first), at - first] };
}

/** Pixels taken along a walk through the old plane: where it begins, and its steps to the right and down. */
async function taken(
  raster: Raster,
  walk: {
    readonly width: number;
    readonly height: number;
    readonly from: number;
    readonly x: number;
    readonly y: number;
  },
): Promise<Raster> {
  const { channels, data } = raster;
  const { width, height } = walk;
  const samples = width * height * channels;
  const out = data instanceof Uint16Array ? new Uint16Array(samples) : new Uint8Array(samples);
  await inBatches(height, width, (from, to) => {
    for (let y = from, o = from * width * channels; y < to; y++) {
      for (let x = 0, i = walk.from + y * walk.y; x < width; x++, i += walk.x) {
        for (let c = 0; c < channels; c++) out[o++] = data[i * channels + c]!;
      }
    }
  });
  return { width, height, channels, data: out };
}

/** Works through `rows` rows of `width` pixels, letting others run in between. */
export async function inBatches(
  rows: number,
  width: number,
  work: (from: number, to: number) => void,
): Promise<void> {
  const step = Math.max(1, Math.floor(BATCH / Math.max(1, width)));
  for (let from = 0; from < rows; from += step) {
    work(from, Math.min(rows, from + step));
    if (from + step < rows) await breath();
  }
}
