import { LynceusError } from "../../protocols/errors.ts";

/** Frames a calibration may be made of, at most. */
export const MAX_CALIBRATION_LINES = 10_000;
/** Lines of each kind that make a mean worth having. */
const MIN_LINES = 8;
/** A pixel whose span of air over dark is below this share of its neighbours' is dead. */
const MIN_GAIN_SHARE = 0.3;
/** A pixel whose span is above this multiple of its neighbours' is broken as well. */
const MAX_GAIN_SHARE = 3;
/** A pixel noisier than this multiple of the median noise is dead: it flickers. */
const MAX_NOISE_FACTOR = 6;
/** Share of dead pixels from which a detector is not used. */
const MAX_DEAD_SHARE = 0.1;
/** Neighbours on each side that a pixel is compared with. */
const NEIGHBOURS = 8;
const SATURATED = 0xffff;

/** Lines of one detector and energy: `count × pixels` raw counts, line after line. */
export interface CalibrationLines {
  readonly samples: Uint16Array;
  /** When they were taken, ms since the epoch. */
  readonly at: number;
}

/** What a calibration knows; the arrays have one value a pixel. */
export interface Calibration {
  readonly pixels: number;
  /** Mean raw counts with the X-rays off. */
  readonly dark: Float64Array;
  /** Mean raw counts with the X-rays on and nothing in the tunnel. */
  readonly air: Float64Array;
  /** Pixels that are interpolated, ascending. */
  readonly dead: readonly number[];
  /** Noise in air over the span of air, median of the sound pixels, 0..1. */
  readonly noise: number;
  readonly darkAt: number;
  readonly airAt: number;
}

/**
 * Makes a calibration of dark and air frames (`nii-standards.md` §6.4: I = (raw − dark) / (air − dark)).
 * @throws LynceusError `LYN_CALIBRATION` for frames that do not fit, too few, or a detector with too many dead pixels.
 */
export function calibrate(options: {
  readonly pixels: number;
  readonly dark: CalibrationLines;
  readonly air: CalibrationLines;
  /** Pixels known to be dead. */
  readonly knownDead?: readonly number[];
}): Calibration {
  const { pixels, knownDead = [] } = options;
  const dark = statistics(options.dark.samples, pixels, "dark");
  const air = statistics(options.air.samples, pixels, "air");
  const spans = air.mean.map((value, at) => value - (dark.mean[at] ?? 0));
  const usual = neighbourhood(spans);
  const noises = air.deviation.map((value, at) => value / Math.max(1, spans[at] ?? 0));
  const noise = median(noises);
  const dead = new Set(knownDead.filter((at) => at >= 0 && at < pixels));
  spans.forEach((span, at) => {
    const share = span / Math.max(1, usual[at] ?? 0);
    const noisy = (noises[at] ?? 0) > MAX_NOISE_FACTOR * Math.max(noise, 1e-4);
    const saturated = (air.mean[at] ?? 0) >= SATURATED;
    if (span < 1 || share < MIN_GAIN_SHARE || share > MAX_GAIN_SHARE || noisy || saturated) dead.add(at);
  });
  if (dead.size > MAX_DEAD_SHARE * pixels)
    throw unusable(`${dead.size} of ${pixels} pixels are dead, or the X-rays were off`);
  return {
    pixels,
    dark: dark.mean,
    air: air.mean,
    dead: [...dead].sort((a, b) => a - b),
    noise,
    darkAt: options.dark.at,
    airAt: options.air.at,
  };
}

/** Whether a calibration may still be used; the older of its two halves counts. Times in ms. */
export function isStale({ darkAt, airAt }: Calibration, now: number, maxAgeMs: number): boolean {
  return now - Math.min(darkAt, airAt) > maxAgeMs;
}

/**
 * Turns raw lines into counts = `airLevel` × transmission, dead pixels interpolated from the nearest sound ones; noise above
 * air is kept, what saturated stays 65535.
 * @param raw `lines × pixels` raw counts, line after line.
 * @throws LynceusError `LYN_CALIBRATION` where the lines do not fit the detector.
 */
export function correct(raw: Uint16Array, calibration: Calibration, airLevel: number): Uint16Array {
  const { pixels, dark, air, dead } = calibration;
  if (pixels === 0 || raw.length % pixels !== 0)
    throw unusable(`${raw.length} samples are no lines of ${pixels} pixels`);
  const out = new Uint16Array(raw.length);
  const bridges = bridgesOver(dead, pixels);
  for (let line = 0; line < raw.length; line += pixels) {
    for (let at = 0; at < pixels; at += 1) {
      const count = raw[line + at] ?? 0;
      const zero = dark[at] ?? 0;
      const span = Math.max(1, (air[at] ?? 0) - zero);
      const value = Math.round((airLevel * (count - zero)) / span);
      out[line + at] = count === SATURATED ? SATURATED : Math.min(SATURATED - 1, Math.max(0, value));
    }
    for (const { at, left, right } of bridges) {
      const share = (at - left) / (right - left || 1);
      const value = (out[line + left] ?? 0) * (1 - share) + (out[line + right] ?? 0) * share;
      out[line + at] = Math.round(value);
    }
  }
  return out;
}

/** For each dead pixel the nearest sound ones on both sides; at an edge the one that there is. */
function bridgesOver(
  dead: readonly number[],
  pixels: number,
): readonly { readonly at: number; readonly left: number; readonly right: number }[] {
  const broken = new Set(dead);
  return dead.map((at) => {
    let left = at - 1;
    while (left >= 0 && broken.has(left)) left -= 1;
    let right = at + 1;
    while (right < pixels && broken.has(right)) right += 1;
    return { at, left: left < 0 ? right : left, right: right >= pixels ? left : right };
  });
}

function statistics(
  samples: Uint16Array,
  pixels: number,
  what: string,
): { mean: Float64Array; deviation: Float64Array } {
  const lines = samples.length / pixels;
  if (pixels < 1 || !Number.isInteger(lines))
    throw unusable(`the ${what} frame has no whole lines of ${pixels} pixels`);
  if (lines < MIN_LINES || lines > MAX_CALIBRATION_LINES)
    throw unusable(`the ${what} frame has ${lines} lines, not ${MIN_LINES} to ${MAX_CALIBRATION_LINES}`);
  const mean = new Float64Array(pixels);
  const squares = new Float64Array(pixels);
  for (let at = 0; at < samples.length; at += 1) {
    const value = samples[at] ?? 0;
    const pixel = at % pixels;
    mean[pixel] = (mean[pixel] ?? 0) + value / lines;
    squares[pixel] = (squares[pixel] ?? 0) + (value * value) / lines;
  }
  const deviation = squares.map((value, at) => Math.sqrt(Math.max(0, value - (mean[at] ?? 0) ** 2)));
  return { mean, deviation };
}

/** The median of the pixels around each: detectors are brighter in the middle than at their ends. */
function neighbourhood(values: Float64Array): Float64Array {
  return values.map((_, at) => median(values.subarray(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1)));
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted[sorted.length >> 1] ?? 0;
}

function unusable(why: string): LynceusError {
  return new LynceusError("LYN_CALIBRATION", `The detector's calibration cannot be used: ${why}`, {
    remedy: "Take dark frames with the X-rays off and air frames with the tunnel empty, then try again",
  });
}
