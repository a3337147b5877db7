import type { Calibration } from "./package.ts";

/** Raw scores are kept this far from 0 and 1 before the logit, as in `models/training/calibrate.py`. */
const RAW_LIMIT = 1e-4;

/** Linear interpolation in points of rising x; flat outside. */
function interpolate(points: readonly (readonly [number, number])[], x: number): number {
  const first = points[0]!;
  if (x <= first[0]) return first[1];
  for (let i = 1; i < points.length; i += 1) {
    const [x0, y0] = points[i - 1]!;
    const [x1, y1] = points[i]!;
    if (x <= x1) return x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
  }
  return points[points.length - 1]![1];
}

/**
 * Raw score of a network (0..1) → calibrated probability (0..1) at the prevalence that the package states
 * (contract `model-package.md`, `classes[].calibration`). Platt: 1 / (1 + exp(−(a · logit(raw) + b))).
 */
export function calibrate(raw: number, calibration: Calibration): number {
  switch (calibration.method) {
    case "identity":
      return Math.min(1, Math.max(0, raw));
    case "platt": {
      const p = Math.min(1 - RAW_LIMIT, Math.max(RAW_LIMIT, raw));
      return 1 / (1 + Math.exp(-(calibration.a * Math.log(p / (1 - p)) + calibration.b)));
    }
    case "isotonic":
      return interpolate(calibration.points, raw);
  }
}
