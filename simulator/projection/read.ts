import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { LynceusError } from "../../protocols/errors.ts";
import { MAX_PAIR_SIDE, type Pair, pairOf } from "./pair.ts";

/** Pairs of one folder, at most. */
export const MAX_PAIRS = 100_000;
const PLANE = /^(.+)\.low\.(png|tiff?)$/i;

export interface PairFile {
  readonly name: string;
  readonly low: string;
  readonly high: string;
  /** NAME.json, whether or not it is there. */
  readonly sidecar: string;
}

export interface ReadPair {
  readonly name: string;
  readonly pair: Pair;
  /** From the sidecar; null where it says nothing. */
  readonly pixelPitchMm: number | null;
}

/**
 * The pairs `NAME.low.EXT`, `NAME.high.EXT` of a folder by name (16-bit grey PNG or TIFF); an `images` folder below is taken
 * where there is one.
 * @throws LynceusError `LYN_PATH_MISSING` where the folder is not there or holds no pair.
 */
export async function findPairs(folder: string): Promise<PairFile[]> {
  const below = join(folder, "images");
  const inner = await readdir(below).catch(() => undefined);
  const names = inner ?? (await readdir(folder).catch(() => []));
  const at = inner === undefined ? folder : below;
  const known = new Set(names);
  const found: PairFile[] = [];
  for (const name of names.sort()) {
    const match = PLANE.exec(name);
    const stem = match?.[1];
    if (stem === undefined) continue;
    const high = `${stem}.high.${match?.[2]}`;
    if (!known.has(high)) continue;
    found.push({
      name: stem,
      low: join(at, name),
      high: join(at, high),
      sidecar: join(at, `${stem}.json`),
    });
    if (found.length === MAX_PAIRS) break;
  }
  if (found.length === 0) {
    throw new LynceusError("LYN_PATH_MISSING", `${folder} holds no pair NAME.low.EXT, NAME.high.EXT`, {
      remedy: "Give a folder of 16-bit PNG or TIFF pairs, or a data set with such an images folder",
    });
  }
  return found;
}

/** @throws LynceusError `LYN_SIMULATION` where a file cannot be read as a 16-bit grey plane. */
export async function readPair(file: PairFile): Promise<ReadPair> {
  const [low, high] = [await readPlane(file.low), await readPlane(file.high)];
  if (low.width !== high.width || low.height !== high.height)
    throw unreadable(file.high, "it differs in size");
  const sidecar = await readSidecar(file.sidecar);
  const raw = { width: low.width, height: low.height, low: low.samples, high: high.samples };
  const pair = pairOf(sidecar.airLevel === undefined ? raw : { ...raw, airLevel: sidecar.airLevel });
  return { name: file.name, pair, pixelPitchMm: sidecar.pixelPitchMm?.y ?? null };
}

interface Sidecar {
  readonly airLevel?: number;
  readonly pixelPitchMm?: { readonly x: number; readonly y: number };
}

async function readSidecar(file: string): Promise<Sidecar> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    const value = JSON.parse(text) as { airLevel?: unknown; pixelPitchMm?: { x?: unknown; y?: unknown } };
    const { airLevel, pixelPitchMm: pitch } = value;
    const [x, y] = [pitch?.x, pitch?.y];
    return {
      ...(typeof airLevel === "number" && airLevel > 0 ? { airLevel } : {}),
      ...(typeof x === "number" && typeof y === "number" && x > 0 && y > 0 ? { pixelPitchMm: { x, y } } : {}),
    };
  } catch (cause) {
    throw unreadable(file, "it is not JSON", cause);
  }
}

async function readPlane(file: string) {
  try {
    const image = sharp(file, { limitInputPixels: MAX_PAIR_SIDE * MAX_PAIR_SIDE, failOn: "error" });
    const meta = await image.metadata();
    if (meta.depth !== "ushort" || meta.channels !== 1) throw new Error(`${meta.channels} × ${meta.depth}`);
    const { data, info } = await image
      .toColourspace("grey16")
      .raw({ depth: "ushort" })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, samples: new Uint16Array(data.slice().buffer) };
  } catch (cause) {
    throw unreadable(file, "it is no readable 16-bit grey picture", cause);
  }
}

function unreadable(file: string, reason: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_SIMULATION", `${file} cannot be used: ${reason}`, {
    remedy: "Give the planes of a dual-energy scan as 16-bit grey PNG or TIFF of one size",
    cause,
  });
}
