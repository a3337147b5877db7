import { z } from "zod";
import { LynceusError } from "../../protocols/errors.ts";

/** `schema` of a calibration file. */
export const MASS_CALIBRATION_SCHEMA = "lynceus-mass/1";
/** Transmission below which a pixel tells nothing of what is behind it: scatter and the detector's floor are as bright. */
export const OPAQUE_TRANSMISSION = 0.012;
/** Steps of one material and materials that a wedge needs; more than the most are no wedge. */
const LEAST_STEPS = 3;
const LEAST_MATERIALS = 2;
const MOST_STEPS = 1000;
/** Attenuation (−ln) below which a step is lost in noise and in the drift of the air; thinner goods count as the next step. */
const THINNEST = 0.04;

/** One step of a step wedge: known areal density, measured transmission. */
export interface MeasuredStep {
  readonly material: string;
  /** Mass per area along the ray, g/cm². */
  readonly arealDensity: number;
  /** Mean transmission over the step, 0..1, low and high energy. */
  readonly low: number;
  readonly high: number;
}

/** What one material looks like at growing thickness; points by rising attenuation. */
const curveSchema = z.strictObject({
  material: z.string().min(1).max(64),
  points: z
    .array(
      z.strictObject({
        /** −ln of the high-energy transmission. */
        attenuation: z.number().positive().max(20),
        /** Low over high attenuation. */
        ratio: z.number().positive().max(20),
        /** g/cm² for one unit of attenuation. */
        density: z.number().positive().max(1000),
      }),
    )
    .min(LEAST_STEPS)
    .max(MOST_STEPS),
});

/** How a machine's attenuation turns into mass; made by {@link fitMass}, kept as a JSON file. */
export const massCalibrationSchema = z.strictObject({
  schema: z.literal(MASS_CALIBRATION_SCHEMA),
  /** By rising ratio: organic first. */
  curves: z.array(curveSchema).min(LEAST_MATERIALS).max(16),
  /**
   * True area of a pixel over the one that the machine states, at heights over the belt: a fan shows what is near its source
   * larger. Empty: the stated pitch is believed everywhere.
   */
  areas: z
    .array(z.strictObject({ heightMm: z.number().min(0).max(5000), factor: z.number().min(0.25).max(4) }))
    .max(2)
    .default([]),
});
export type MassCalibration = z.infer<typeof massCalibrationSchema>;
export type MassCurve = z.infer<typeof curveSchema>;

/**
 * The calibration of a machine from one scan of a step wedge: nothing is learnt from goods. For each material the ratio of
 * the two attenuations and the areal density per attenuation are kept along its steps; steps too thin or opaque are left out.
 * @throws LynceusError LYN_MASS_CALIBRATION where that leaves too few steps or materials that cannot be told apart.
 */
export function fitMass(
  steps: readonly MeasuredStep[],
  areas: MassCalibration["areas"] = [],
): MassCalibration {
  if (steps.length > MOST_STEPS) throw unusable(`${steps.length} steps`);
  const materials = Map.groupBy(steps.filter(isUsable), (step) => step.material);
  const curves = [...materials]
    .map(([material, own]) => ({ material, points: own.map(pointOf).sort(byAttenuation) }))
    .sort((one, other) => middle(one) - middle(other));
  if (curves.length < LEAST_MATERIALS) throw unusable(`${curves.length} materials with usable steps`);
  for (const { material, points } of curves) {
    if (points.length < LEAST_STEPS) throw unusable(`${points.length} usable steps of ${material}`);
  }
  const parsed = massCalibrationSchema.safeParse({ schema: MASS_CALIBRATION_SCHEMA, curves, areas });
  if (!parsed.success) throw unusable(parsed.error.issues[0]!.message);
  return parsed.data;
}

function isUsable({ arealDensity, low, high }: MeasuredStep): boolean {
  const thin = Math.exp(-THINNEST);
  const inRange = (transmission: number) => transmission > OPAQUE_TRANSMISSION && transmission < thin;
  return arealDensity > 0 && inRange(low) && inRange(high);
}

function pointOf({ arealDensity, low, high }: MeasuredStep): MassCurve["points"][number] {
  const attenuation = -Math.log(high);
  return { attenuation, ratio: -Math.log(low) / attenuation, density: arealDensity / attenuation };
}

function byAttenuation(a: { readonly attenuation: number }, b: { readonly attenuation: number }): number {
  return a.attenuation - b.attenuation;
}

/** Ratio in the middle of a curve: thin steps are noisy, thick ones hardened. */
function middle({ points }: MassCurve): number {
  return points[Math.floor(points.length / 2)]!.ratio;
}

function unusable(found: string): LynceusError {
  return new LynceusError("LYN_MASS_CALIBRATION", `The step wedge cannot be used: ${found}`, {
    remedy: `Scan a wedge of at least ${LEAST_MATERIALS} materials (an organic and steel) with ${LEAST_STEPS} or more steps each that radiation passes.`,
  });
}
