import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { LynceusError } from "../../../protocols/errors.ts";
import { decodeScan } from "../../image/decode.ts";
import { fitMass, type MassCalibration, type MeasuredStep } from "../../image/mass-calibration.ts";
import { areaFactorOf, measureStep, type WedgeBox, type WedgeImage } from "../../image/mass-wedge.ts";
import { inputOf } from "../../image/naming.ts";
import { normaliseView } from "../../inference/normalise.ts";

/** Largest description, bytes. */
const MAX_BYTES = 1024 * 1024;
const pixels = z.int().min(0).max(65_536);
const box = z.strictObject({ x: pixels, y: pixels, width: pixels.min(1), height: pixels.min(1) });

const images = z.tuple([z.string().min(1), z.string().min(1)]);

const wedgeSchema = z.strictObject({
  schema: z.literal("lynceus-wedge/1"),
  /** Low and high plane, relative to the description. */
  image: images,
  steps: z
    .array(
      z.strictObject({
        material: z.string().min(1).max(64),
        gcm2: z.number().positive().describe("mass per area along the ray, g/cm²"),
        box,
        /** Beside the step, what the piece lies in: its attenuation is taken off. */
        background: box.optional(),
        /** Of a step in another scan of the same machine. */
        image: images.optional(),
      }),
    )
    .max(1000),
  /**
   * Plates of known mass on the belt and above it, each with a box around it that shows air on all sides; none: the stated pixel
   * pitch is believed at every height.
   */
  plates: z
    .array(z.strictObject({ heightMm: z.number().min(0), massKg: z.number().positive(), box }))
    .max(2)
    .default([]),
  pixelPitchMm: z.strictObject({ x: z.number().positive(), y: z.number().positive() }).optional(),
});
type Wedge = z.infer<typeof wedgeSchema>;

/**
 * Measures the steps of a wedge in its scan, writes the calibration to `out` and says what it is made of.
 * @throws LYN_PATH_MISSING, LYN_MASS_CALIBRATION, and what decoding the image throws.
 */
export async function calibrate(file: string, out: string): Promise<string> {
  const wedge = await readWedge(file);
  const { steps, areas } = await measure(wedge, dirname(resolve(file)));
  const calibration = fitMass(steps, areas);
  await writeFile(out, `${JSON.stringify(calibration, null, 1)}\n`);
  const parts = calibration.curves.map(({ material, points }) => `${material} ${points.length} steps`);
  const sizes = areas.map(({ heightMm, factor }) => `${factor.toFixed(3)} at ${heightMm} mm`);
  return `${out}: ${parts.join(", ")}; area of a pixel over the stated one: ${sizes.join(", ") || "not measured"}`;
}

async function readWedge(file: string): Promise<Wedge> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new LynceusError("LYN_PATH_MISSING", `${file} cannot be read`, {
      remedy: "Check the path.",
      cause,
    });
  });
  try {
    if (bytes.byteLength > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    return wedgeSchema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? issueOf(cause) : String(cause);
    throw unusable(`${file} does not describe a wedge: ${reason}`, cause);
  }
}

function issueOf({ issues }: z.ZodError): string {
  return `/${issues[0]?.path.join("/")}: ${issues[0]?.message}`;
}

async function measure(
  wedge: Wedge,
  folder: string,
): Promise<{ readonly steps: readonly MeasuredStep[]; readonly areas: MassCalibration["areas"] }> {
  const { plates } = wedge;
  const image = await readImage(wedge.image, folder, wedge.pixelPitchMm);
  if (plates.length > 0 && !image.pitchKnown)
    throw unusable("the pixel pitch that the machine states is missing");
  mustHold(
    image,
    plates.map((plate) => plate.box),
  );
  const others = new Map([[keyOf(wedge.image), image]]);
  const steps: MeasuredStep[] = [];
  for (const { gcm2, image: names = wedge.image, ...step } of wedge.steps) {
    const of = others.get(keyOf(names)) ?? (await readImage(names, folder, wedge.pixelPitchMm));
    others.set(keyOf(names), of);
    mustHold(of, step.background === undefined ? [step.box] : [step.box, step.background]);
    steps.push(measureStep(of, { ...step, arealDensity: gcm2 }));
  }
  if (plates.length === 0) return { steps, areas: [] };
  const curves = fitMass(steps);
  const areas = plates.map((plate) => {
    return { heightMm: plate.heightMm, factor: areaFactorOf(image, plate, curves) };
  });
  return { steps, areas };
}

type Images = readonly [low: string, high: string];

function keyOf(names: Images): string {
  return JSON.stringify(names);
}

async function readImage(
  names: Images,
  folder: string,
  stated: WedgeImage["pixelPitchMm"] | undefined,
): Promise<WedgeImage & { readonly pitchKnown: boolean }> {
  const [low, high] = names.map((name) => resolve(folder, name));
  const decoded = await decodeScan(inputOf(`${low},${high}`, () => true));
  const { kind, width, height, sidecar } = decoded;
  const pixelPitchMm = stated ?? sidecar.pixelPitchMm ?? null;
  const view = { view: 0, width, height, pixelPitchMm, low: decoded.low!, high: decoded.high! };
  const { planes } = normaliseView(kind, view, sidecar.airLevel ?? null);
  return {
    width,
    height,
    airLevel: planes.airLevel,
    low: planes.low!,
    high: planes.high!,
    pixelPitchMm: pixelPitchMm ?? { x: 1, y: 1 },
    pitchKnown: pixelPitchMm !== null,
  };
}

function mustHold({ width, height }: WedgeImage, boxes: readonly WedgeBox[]): void {
  const outside = boxes.find(({ x, y, ...size }) => x + size.width > width || y + size.height > height);
  if (outside !== undefined) throw unusable(`the box at ${outside.x}, ${outside.y} reaches out of the image`);
}

function unusable(message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MASS_CALIBRATION", message, {
    remedy: "Correct the description of the wedge: see `lynceus calibrate --help`.",
    cause,
  });
}
