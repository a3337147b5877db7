import { basename, dirname, extname, join } from "node:path";

/** The files of one scan: one image, or a low and a high plane. Paths as they were given. */
export interface ImageInput {
  /** File name without extension and energy: what the scan is called. */
  readonly name: string;
  /** `[image]`, `[low, high]`; `null` stands for the half of a pair that is not there. */
  readonly files: readonly [string] | readonly [low: string | null, high: string | null];
  /** Where a sidecar would be. */
  readonly sidecar: string;
}

const IMAGE_EXTENSION = /\.(png|tif|tiff|jpg|jpeg|dcs|dcm)$/i;
const PAIR_NAME = /^(.+)\.(low|high)$/i;

/** Whether a folder entry is taken for an image; everything else in a folder is left alone. */
export function isImageName(name: string): boolean {
  return !name.startsWith(".") && IMAGE_EXTENSION.test(name);
}

/**
 * The scan that a command line argument names: a file, or `low,high`. One half of a pair by name stands for the pair where
 * `exists` knows the other half.
 */
export function inputOf(argument: string, exists: (path: string) => boolean): ImageInput {
  const [low, high, ...more] = argument.split(",");
  if (low && high && more.length === 0) {
    const stem = stemOf(low);
    return { name: PAIR_NAME.exec(stem)?.[1] ?? stem, files: [low, high], sidecar: sidecarOf(low) };
  }
  const pair = PAIR_NAME.exec(stemOf(argument));
  if (pair?.[1]) {
    const half = (energy: string) => join(dirname(argument), `${pair[1]}.${energy}${extname(argument)}`);
    if (exists(half("low")) && exists(half("high"))) {
      return { name: pair[1], files: [half("low"), half("high")], sidecar: sidecarOf(argument) };
    }
  }
  return { name: stemOf(argument), files: [argument], sidecar: sidecarOf(argument) };
}

/**
 * Groups the images of a folder into scans, sorted by name: `NAME.low.EXT` with `NAME.high.EXT` is one scan, any other image
 * is one of its own. The half of a pair whose other half is absent is returned with `null` in its place.
 */
export function groupImages(folder: string, names: readonly string[]): readonly ImageInput[] {
  const scans = new Map<string, ImageInput>();
  for (const name of names.filter(isImageName).sort()) {
    const path = join(folder, name);
    const pair = PAIR_NAME.exec(stemOf(name));
    if (!pair?.[1] || !pair[2]) {
      scans.set(name, { name: stemOf(name), files: [path], sidecar: sidecarOf(path) });
      continue;
    }
    const key = `${pair[1]}.low${extname(name)}`;
    const [low, high] = scans.get(key)?.files ?? [null, null];
    const files =
      pair[2].toLowerCase() === "low" ? ([path, high ?? null] as const) : ([low ?? null, path] as const);
    scans.set(key, { name: pair[1], files, sidecar: sidecarOf(path) });
  }
  return [...scans.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, input]) => input);
}

function stemOf(path: string): string {
  return basename(path, extname(path));
}

/** `NAME.json` beside `NAME.EXT`, `NAME.low.EXT` and `NAME.high.EXT`. */
function sidecarOf(path: string): string {
  const stem = stemOf(path);
  return join(dirname(path), `${PAIR_NAME.exec(stem)?.[1] ?? stem}.json`);
}
