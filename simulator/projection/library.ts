import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { TARGET_CLASSES, type TargetClass } from "../goods/item.ts";
import type { BeamWeights } from "../physics/spectrum.ts";
import type { Random } from "../random.ts";
import { type CutOut, cutStencil } from "./cut-out.ts";
import { readPair } from "./read.ts";
import { STENCIL_BINS, type Stencil } from "./stencil.ts";

/** Stencils kept of one data set: each holds its line integrals in memory. */
export const MAX_CUT_OUTS = 256;

interface CocoFile {
  readonly categories: readonly { readonly id: number; readonly name: string }[];
  readonly images: readonly {
    readonly id: number;
    readonly file_name: string;
    readonly high_file_name?: string;
  }[];
  readonly annotations: readonly Annotation[];
}

interface Annotation {
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly [number, number, number, number];
  readonly segmentation?: { readonly size: readonly [number, number]; readonly counts: readonly number[] };
}

/**
 * Targets cut out of a labelled data set (COCO `annotations.json` beside `images/`, boxes on 16-bit pairs, with uncompressed run
 * lengths where there are masks), at most {@link MAX_CUT_OUTS}, evenly over the file. A target that cannot be cut out is left out.
 * @throws LynceusError `LYN_PATH_MISSING` where there is no such data set; `LYN_SIMULATION` where none can be cut out of it.
 */
export async function cutOuts(
  folder: string,
  beam: BeamWeights,
  classes: readonly string[],
): Promise<Stencil[]> {
  const coco = await readCoco(folder);
  const names = new Map(coco.categories.map(({ id, name }) => [id, name]));
  const wanted = coco.annotations.filter(({ category_id }) => classes.includes(names.get(category_id) ?? ""));
  const step = Math.max(1, wanted.length / MAX_CUT_OUTS);
  const images = new Map(coco.images.map((image) => [image.id, image]));
  const found: Stencil[] = [];
  for (let n = 0; Math.floor(n * step) < wanted.length; n++) {
    const one = wanted[Math.floor(n * step)] as Annotation;
    const image = images.get(one.image_id);
    if (image?.high_file_name === undefined) continue;
    const [low, high] = [image.file_name, image.high_file_name].map((name) =>
      join(folder, "images", name),
    ) as [string, string];
    const { pair } = await readPair({
      name: image.file_name,
      low,
      high,
      sidecar: low.replace(/\.low\.\w+$/, ".json"),
    });
    const name = names.get(one.category_id) as TargetClass;
    const stencil = tried(() => cutStencil(pair, cutOf(one, name), beam));
    if (stencil !== undefined) found.push(stencil);
  }
  if (found.length > 0) return found;
  throw new LynceusError("LYN_SIMULATION", `Nothing can be cut out of ${folder}`, {
    remedy: `Give a data set of 16-bit pairs with boxes of ${classes.join(", ")}`,
  });
}

async function readCoco(folder: string): Promise<CocoFile> {
  try {
    const value = JSON.parse(await readFile(join(folder, "annotations.json"), "utf8")) as Partial<CocoFile>;
    const { categories, images, annotations } = value;
    if (!Array.isArray(categories) || !Array.isArray(images) || !Array.isArray(annotations))
      throw new Error("not COCO");
    return { categories, images, annotations };
  } catch (cause) {
    throw new LynceusError("LYN_PATH_MISSING", `${folder} holds no readable annotations.json`, {
      remedy: "Give a folder with COCO annotations.json beside images/",
      cause,
    });
  }
}

function tried(cut: () => Stencil): Stencil | undefined {
  try {
    return cut();
  } catch (error) {
    if (error instanceof LynceusError) return undefined;
    throw error;
  }
}

/** Whole pixels of the box, and its mask where there is one. */
function cutOf({ bbox, segmentation }: Annotation, name: TargetClass): CutOut {
  const [left, top] = [Math.floor(bbox[0]), Math.floor(bbox[1])];
  const width = Math.ceil(bbox[0] + bbox[2]) - left;
  const height = Math.ceil(bbox[1] + bbox[3]) - top;
  const box = { x: left, y: top, width, height };
  if (!Array.isArray(segmentation?.counts)) return { class: name, box };
  const [rows] = segmentation.size;
  const mask = new Uint8Array(width * height);
  let at = 0;
  for (const [n, run] of segmentation.counts.entries()) {
    for (let k = at; n % 2 === 1 && k < at + run; k++) {
      const [x, y] = [Math.floor(k / rows) - left, (k % rows) - top];
      if (x >= 0 && y >= 0 && x < width && y < height) mask[y * width + x] = 1;
    }
    at += run;
  }
  return { class: name, box, mask };
}

/** One of the stencils, turned by quarters and mirrored at random. */
export function pickStencil(
  library: readonly Stencil[],
  classes: readonly string[] = TARGET_CLASSES,
  random: Random,
): Stencil | undefined {
  const fitting = library.filter(({ targets }) => targets.every((target) => classes.includes(target.class)));
  if (fitting.length === 0) return undefined;
  return turned(random.pick(fitting), random.int(0, 3), random.chance(0.5));
}

/** The stencil turned by quarters, then mirrored left to right. */
export function turned(stencil: Stencil, quarters: number, mirror: boolean): Stencil {
  const odd = quarters % 2 === 1;
  const [width, height] = odd ? [stencil.height, stencil.width] : [stencil.width, stencil.height];
  const lines = new Float32Array(stencil.lines.length);
  const masks = stencil.targets.map(({ mask }) => new Uint8Array(mask.length));
  for (let y = 0; y < stencil.height; y++) {
    for (let x = 0; x < stencil.width; x++) {
      let [tx, ty] = [x, y];
      if (quarters === 1) [tx, ty] = [stencil.height - 1 - y, x];
      if (quarters === 2) [tx, ty] = [stencil.width - 1 - x, stencil.height - 1 - y];
      if (quarters === 3) [tx, ty] = [y, stencil.width - 1 - x];
      if (mirror) tx = width - 1 - tx;
      const [from, to] = [y * stencil.width + x, ty * width + tx];
      lines.set(stencil.lines.subarray(from * STENCIL_BINS, (from + 1) * STENCIL_BINS), to * STENCIL_BINS);
      for (const [n, { mask }] of stencil.targets.entries())
        (masks[n] as Uint8Array)[to] = mask[from] as number;
    }
  }
  const targets = stencil.targets.map((target, n) => ({ ...target, mask: masks[n] as Uint8Array }));
  return { ...stencil, width, height, lines, targets };
}
