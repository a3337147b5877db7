import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { cocoRuns, paint } from "../dataset/mask.ts";
import { encodeGrey8, encodeGrey16 } from "../dataset/png.ts";
import { categoryId, stemOf } from "../dataset/record.ts";
import { TARGET_CLASSES, type TargetClass } from "../goods/item.ts";
import { beamWeights } from "../physics/spectrum.ts";
import { Random } from "../random.ts";
import { appearanceOf } from "./appearance.ts";
import { type AugmentedScan, augment } from "./augment.ts";
import { estimateBeam } from "./beam.ts";
import { cutOuts } from "./library.ts";
import { findPairs, type PairFile, type ReadPair, readPair } from "./read.ts";

export const MAX_COMPOSITES = 100_000;
/** Pairs the beam is estimated from, at most. */
const BEAM_PAIRS = 12;

export interface ProjectOptions {
  /** Folder of the pairs. */
  readonly scans: string;
  readonly seed: number;
  readonly count: number;
  /** 1 to this many threats are put into each. */
  readonly threats?: number;
  readonly classes?: readonly TargetClass[];
  /** A labelled data set of the same machine, whose targets are cut out and put in instead of drawn things. */
  readonly cutFrom?: string;
  /** mm a pixel of pairs whose sidecar does not say. */
  readonly pixelPitchMm?: number;
  readonly signal?: AbortSignal;
}

export interface Composite {
  readonly index: number;
  /** Name of the pair it was made of: splits keep together what shares it. */
  readonly source: string;
  readonly pixelPitchMm: number;
  readonly scan: AugmentedScan;
}

/** Usual pitch of a cabinet scanner's line detector at the belt, mm. */
const USUAL_PITCH_MM = 1;

/**
 * Pairs of a folder, each in turn with other threats in it. The pairs are taken to come from one machine: its beam is estimated
 * from several of them. A pair that nothing fits into is passed over.
 * @throws LynceusError `LYN_PATH_MISSING`, `LYN_SIMULATION` where there is no pair or nothing fits into any.
 */
export async function* composites(options: ProjectOptions): AsyncGenerator<Composite> {
  const { seed, count, threats = 2, signal } = options;
  const files = new Random(seed, "projection/order").shuffle(await findPairs(options.scans));
  const beam = estimateBeam(await firstPairs(files));
  const classes = options.classes ?? TARGET_CLASSES;
  const library = options.cutFrom && (await cutOuts(options.cutFrom, beamWeights(beam), classes));
  let barren = 0;
  for (let made = 0, index = 0; made < count; index++) {
    signal?.throwIfAborted();
    const source = await readPair(files[index % files.length] as PairFile);
    const pixelPitchMm = source.pixelPitchMm ?? options.pixelPitchMm ?? USUAL_PITCH_MM;
    const number = new Random(seed, `projection/${index}`).int(1, threats);
    const scan = tried(() =>
      augment({
        pair: source.pair,
        appearance: appearanceOf(source.pair, beam),
        pixelPitchMm,
        seed,
        index,
        threats: number,
        classes,
        ...(library ? { library } : {}),
      }),
    );
    barren = scan === undefined ? barren + 1 : 0;
    if (barren > 2 * files.length) throw nothingFits(options.scans);
    if (scan === undefined) continue;
    yield { index: made++, source: source.name, pixelPitchMm, scan };
  }
}

async function firstPairs(files: readonly PairFile[]): Promise<ReadPair["pair"][]> {
  const read: ReadPair["pair"][] = [];
  for (const file of files.slice(0, BEAM_PAIRS)) read.push((await readPair(file)).pair);
  return read;
}

function tried(make: () => AugmentedScan): AugmentedScan | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof LynceusError && error.code === "LYN_SIMULATION") return undefined;
    throw error;
  }
}

function nothingFits(folder: string): LynceusError {
  return new LynceusError("LYN_SIMULATION", `No threat fits into any pair of ${folder}`, {
    remedy: "Give pairs of larger bodies or the right --pitch",
  });
}

/**
 * Writes composites as `simulate dataset` writes scans: `images/NAME.{low,high}.png` with `NAME.json`, `masks/NAME.png`, COCO
 * `annotations.json` (last). Each image and sidecar says `origin: "AUGMENTED"`: a gateway takes no decision on it.
 * @throws LynceusError `LYN_SIMULATION` for a count out of range or a folder that holds a data set already; as {@link composites}.
 */
export async function writeComposites(
  options: ProjectOptions & { readonly out: string; readonly onProgress?: (done: number) => void },
): Promise<void> {
  const { out, count } = options;
  if (
    !Number.isInteger(count) ||
    count < 1 ||
    count > MAX_COMPOSITES ||
    existsSync(join(out, "annotations.json"))
  ) {
    throw new LynceusError("LYN_SIMULATION", `${count} composites cannot be written to ${out}`, {
      remedy: `Ask for 1 to ${MAX_COMPOSITES} and give a folder that holds no data set`,
    });
  }
  const images: object[] = [];
  const annotations: object[] = [];
  for await (const composite of composites(options)) {
    if (images.length === 0)
      for (const name of ["images", "masks"]) await mkdir(join(out, name), { recursive: true });
    await writePictures(out, composite);
    images.push(imageRecord(composite, options.seed));
    for (const one of annotationsOf(composite)) annotations.push({ id: annotations.length + 1, ...one });
    options.onProgress?.(images.length);
  }
  const known: ReadonlySet<string> = new Set(TARGET_CLASSES);
  const categories = THREAT_CLASSES.filter((name) => known.has(name)).map((name) => ({
    id: categoryId(name),
    name,
    supercategory: "threat",
  }));
  const description = `Threats projected into given pairs, seed ${options.seed}. Composites, not a machine's scans.`;
  const coco = { info: { description, version: "1.0" }, categories, images, annotations };
  await writeFile(join(out, "annotations.json"), `${JSON.stringify(coco)}\n`);
}

async function writePictures(out: string, { index, scan, pixelPitchMm }: Composite): Promise<void> {
  const stem = stemOf(index);
  const { width, height } = scan;
  for (const energy of ["low", "high"] as const) {
    await writeFile(join(out, "images", `${stem}.${energy}.png`), encodeGrey16(width, height, scan[energy]));
  }
  const pitch = { x: pixelPitchMm, y: pixelPitchMm };
  const sidecar = { airLevel: scan.airLevel, pixelPitchMm: pitch, origin: scan.origin };
  await writeFile(join(out, "images", `${stem}.json`), `${JSON.stringify(sidecar)}\n`);
  const labels = new Uint8Array(width * height);
  for (const [n, target] of scan.targets.entries()) paint(labels, width, target, n + 1);
  await writeFile(join(out, "masks", `${stem}.png`), encodeGrey8(width, height, labels));
}

function imageRecord({ index, scan, source, pixelPitchMm }: Composite, seed: number): object {
  const stem = stemOf(index);
  return {
    id: index + 1,
    file_name: `${stem}.low.png`,
    high_file_name: `${stem}.high.png`,
    mask_file_name: `${stem}.png`,
    width: scan.width,
    height: scan.height,
    origin: scan.origin,
    source,
    seed,
    index,
    pixelPitchMm: { x: pixelPitchMm, y: pixelPitchMm },
  };
}

function annotationsOf({ index, scan }: Composite): object[] {
  return scan.targets.map((target) => ({
    image_id: index + 1,
    category_id: categoryId(target.class),
    bbox: [target.box.x, target.box.y, target.box.width, target.box.height],
    area: target.maskRle.reduce((sum, run, n) => sum + (n % 2 === 1 ? run : 0), 0),
    iscrowd: 0,
    segmentation: cocoRuns(target, scan.width, scan.height),
    massKg: target.massKg,
    object: target.object,
    contrast: target.contrast,
    occluded: target.occluded,
    tier: target.tier,
  }));
}
