import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { LynceusError } from "../../../protocols/errors.ts";
import { decodeScan } from "../../image/decode.ts";
import { fitMass, type MeasuredStep } from "../../image/mass-calibration.ts";
import { inputOf } from "../../image/naming.ts";
import { normaliseView } from "../../inference/normalise.ts";

/** Largest description, bytes. */
const MAX_BYTES = 1024 * 1024;
const pixels = z.int().min(0).max(65_536);

const wedgeSchema = z.strictObject({
  schema: z.literal("lynceus-wedge/1"),
  /** Low and high plane, relative to the description. */
  image: z.tuple([z.string().min(1), z.string().min(1)]),
  steps: z
    .array(
      z.strictObject({
        material: z.string().min(1).max(64),
        gcm2: z.number().positive().describe("mass per area along the ray, g/cm²"),
        box: z.strictObject({ x: pixels, y: pixels, width: pixels.min(1), height: pixels.min(1) }),
      }),
    )
    .max(1000),
});
type Wedge = z.infer<typeof wedgeSchema>;

/**
 * Measures the steps of a wedge in its scan, writes the calibration to `out` and says what it is made of.
 * @throws LYN_PATH_MISSING, LYN_MASS_CALIBRATION, and what decoding the image throws.
 */
export async function calibrate(file: string, out: string): Promise<string> {
  const wedge = await readWedge(file);
  const calibration = fitMass(await measure(wedge, dirname(resolve(file))));
  await writeFile(out, `${JSON.stringify(calibration, null, 1)}\n`);
  const parts = calibration.curves.map(({ material, points }) => `${material} ${points.length} steps`);
  return `${out}: ${parts.join(", ")}`;
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

async function measure(wedge: Wedge, folder: string): Promise<readonly MeasuredStep[]> {
  const [low, high] = wedge.image.map((name) => resolve(folder, name)) as [string, string];
  const image = await decodeScan(inputOf(`${low},${high}`, () => true));
  const { kind, width, height, sidecar } = image;
  const view = { view: 0, width, height, pixelPitchMm: null, low: image.low!, high: image.high! };
  const { planes } = normaliseView(kind, view, sidecar.airLevel ?? null);
  return wedge.steps.map(({ material, gcm2, box }) => {
    if (box.x + box.width > width || box.y + box.height > height)
      throw unusable(`the step of ${material} at ${box.x}, ${box.y} lies outside of the image`);
    const mean = (plane: Uint16Array) => {
      let sum = 0;
      for (let y = box.y; y < box.y + box.height; y++) {
        for (let x = box.x; x < box.x + box.width; x++) sum += plane[y * width + x]!;
      }
      return sum / (box.width * box.height * planes.airLevel);
    };
    return { material, arealDensity: gcm2, low: mean(planes.low!), high: mean(planes.high!) };
  });
}

function unusable(message: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_MASS_CALIBRATION", message, {
    remedy: "Correct the description of the wedge: see `lynceus calibrate --help`.",
    cause,
  });
}
