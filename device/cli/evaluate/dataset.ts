import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { z } from "zod";
import { LynceusError } from "../../../protocols/errors.ts";
import { GOODS_GROUPS, THREAT_CLASSES } from "../../../protocols/vocabulary.ts";
import { type ImageInput, inputOf } from "../../image/naming.ts";
import { LOAD_STATES, type LoadTruth } from "./loads.ts";

/** Largest `annotations.json`, bytes: it is read whole, the images one by one. */
export const MAX_ANNOTATION_BYTES = 512 * 1024 * 1024;
export const MAX_IMAGES = 200_000;
export const MAX_ANNOTATIONS = 2_000_000;
/** Parts of a load profile. */
const MAX_PROFILE = 4096;

/** How well an object can be seen (the simulator's truth); data sets that do not say are taken as `clear`. */
export type Tier = "clear" | "partial" | "hidden";

export interface Target {
  readonly class: string;
  readonly view: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly tier: Tier;
}

export interface LabelledImage {
  readonly input: ImageInput;
  readonly scanId: string | null;
  readonly pixelPitchMm: { readonly x: number; readonly y: number } | null;
  readonly identifiers: readonly { readonly scheme: string; readonly value: string }[];
  /** Goods groups by share of mass; null where the data set does not say. */
  readonly groups: ReadonlyMap<string, number> | null;
  /** kg; null where the data set does not say. */
  readonly massKg: number | null;
  /** Fill of a container or pallet; null where the data set does not say. */
  readonly load: LoadTruth | null;
  readonly targets: readonly Target[];
}

export interface Dataset {
  readonly images: readonly LabelledImage[];
  /** Categories of the contract's vocabulary that are labelled. */
  readonly classes: readonly string[];
  /** Categories of the data set that are none of the contract's: their boxes are left out. */
  readonly unknownCategories: readonly string[];
  /** Whether the annotations, where there are any, say how well objects can be seen. */
  readonly tiers: boolean;
}

const finite = z.number();
const categorySchema = z.object({ id: z.int(), name: z.string().max(100) });
const cargoSchema = z.object({
  state: z.enum(LOAD_STATES),
  profile: z.array(z.number().min(0).max(1)).min(1).max(MAX_PROFILE).optional(),
});
const imageSchema = z.object({
  id: z.int(),
  file_name: z.string().min(1).max(1000),
  high_file_name: z.string().min(1).max(1000).optional(),
  scanId: z.string().max(64).optional(),
  pixelPitchMm: z.object({ x: z.number().positive(), y: z.number().positive() }).nullable().optional(),
  massKg: z.number().nonnegative().nullable().optional(),
  groups: z.array(z.object({ group: z.string(), share: z.number().min(0).max(1) })).optional(),
  identifiers: z.array(z.object({ scheme: z.string(), value: z.string() })).optional(),
  cargo: cargoSchema.nullable().optional(),
});
const annotationSchema = z.object({
  image_id: z.int(),
  category_id: z.int(),
  bbox: z.tuple([finite, finite, z.number().nonnegative(), z.number().nonnegative()]),
  tier: z.enum(["clear", "partial", "hidden"]).optional(),
});
const cocoSchema = z.object({
  categories: z.array(categorySchema).max(10_000),
  images: z.array(imageSchema).min(1).max(MAX_IMAGES),
  annotations: z.array(annotationSchema).max(MAX_ANNOTATIONS),
});
type Coco = z.infer<typeof cocoSchema>;

/**
 * The labels of a data set in COCO's form (`cli.md`, evaluate): `annotations.json` beside `images/`. Nothing of the images is
 * read here beyond their being there.
 * @throws LYN_PATH_MISSING without the folder or its annotations; LYN_DATASET where they do not hold together.
 */
export async function loadDataset(folder: string): Promise<Dataset> {
  const coco = parse(await readAnnotations(join(folder, "annotations.json")));
  const names = new Map(coco.categories.map(({ id, name }) => [id, name]));
  const known: ReadonlySet<string> = new Set(THREAT_CLASSES);
  const ids = new Set(coco.images.map(({ id }) => id));
  if (ids.size < coco.images.length) throw invalid("two images have the same id");
  const byImage = new Map<number, Target[]>();
  for (const annotation of coco.annotations) {
    const name = names.get(annotation.category_id);
    if (name === undefined)
      throw invalid(`category ${annotation.category_id} is not in the list of categories`);
    if (!ids.has(annotation.image_id))
      throw invalid(`image ${annotation.image_id} is not in the list of images`);
    if (!known.has(name)) continue;
    const targets = byImage.get(annotation.image_id) ?? [];
    targets.push(targetOf(name, annotation));
    byImage.set(annotation.image_id, targets);
  }
  const images = coco.images.map((image) => labelled(folder, image, byImage.get(image.id) ?? []));
  return {
    images,
    classes: THREAT_CLASSES.filter((name) => coco.categories.some((category) => category.name === name)),
    unknownCategories: coco.categories.map(({ name }) => name).filter((name) => !known.has(name)),
    tiers: coco.annotations.length === 0 || coco.annotations.some(({ tier }) => tier !== undefined),
  };
}

async function readAnnotations(file: string): Promise<string> {
  const handle = await open(file, "r").catch((cause: unknown) => {
    throw new LynceusError("LYN_PATH_MISSING", `${file} cannot be read`, {
      remedy: "Give the folder of a data set: annotations.json beside images/.",
      cause,
    });
  });
  try {
    const { size } = await handle.stat();
    if (size > MAX_ANNOTATION_BYTES)
      throw invalid(`${file} has ${size} bytes, the limit is ${MAX_ANNOTATION_BYTES}`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function parse(text: string): Coco {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid("annotations.json is not JSON", cause);
  }
  const result = cocoSchema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw invalid(`annotations.json, /${path.join("/")}: ${message}`);
}

/** An image of a data set is one view, looked at by itself, whatever number its scan gives it. */
function targetOf(name: string, { bbox, tier = "clear" }: Coco["annotations"][number]): Target {
  const [x, y, width, height] = bbox;
  return { class: name, view: 0, x, y, width, height, tier };
}

const GROUPS: ReadonlySet<string> = new Set(GOODS_GROUPS);

function labelled(folder: string, image: Coco["images"][number], targets: readonly Target[]): LabelledImage {
  const low = inside(folder, image.file_name);
  const high = image.high_file_name === undefined ? null : inside(folder, image.high_file_name);
  const input = inputOf(high === null ? low : `${low},${high}`, existsSync);
  for (const file of input.files) {
    if (file === null || !existsSync(file)) throw invalid(`${file ?? image.file_name} is not there`);
  }
  const { scanId = null, pixelPitchMm = null, massKg = null, identifiers = [], groups, cargo } = image;
  const shares = groups
    ?.filter(({ group }) => GROUPS.has(group))
    .map(({ group, share }) => [group, share] as const);
  return {
    input,
    scanId,
    pixelPitchMm,
    massKg,
    identifiers,
    targets,
    load: cargo ? { state: cargo.state, profile: cargo.profile ?? null } : null,
    groups: shares === undefined ? null : new Map(shares),
  };
}

/** A file of the data set; names that lead out of its folder are refused. */
function inside(folder: string, name: string): string {
  const path = normalize(name);
  if (isAbsolute(path) || path.startsWith("..") || path.includes(","))
    throw invalid(`${name} is no file of the data set`);
  return join(folder, "images", path);
}

export function invalid(message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_DATASET", `The data set cannot be used: ${message}`.slice(0, 500), {
    remedy:
      "Correct the data set: COCO annotations.json, its images under images/, see `lynceus evaluate --help`.",
    cause,
  });
}
