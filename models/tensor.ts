/** Planes → input tensor of a model, and boxes of the tensor → pixels of the plane. */
import { LynceusError } from "../protocols/errors.ts";
import type { ModelInput } from "./package.ts";
import type { ScanPlanes } from "./planes.ts";
import { withPseudoPair } from "./pseudo-scan.ts";
import { resample, type Samples } from "./resample.ts";

/** Longest side of a plane that is looked at, pixels. */
export const MAX_PLANE_SIDE = 65_536;
/** Most pixels of a plane that are looked at. */
export const MAX_PLANE_PIXELS = 64 * 1024 * 1024;
/** Pitches closer than this (relative) are taken as equal: resampling would cost more than it gives. */
const PITCH_TOLERANCE = 0.05;
/** Largest transmission fed in: noise above air is kept, as in training (u16 over an air level of 60000). */
const MAX_TRANSMISSION = 65_535 / 60_000;

export interface InputTensor {
  /** [1, channels, height, width], transmission, in the order of the package's `channels`. */
  readonly data: Float32Array;
  readonly dims: readonly [1, number, number, number];
  /** Tensor pixels per plane pixel. */
  readonly scale: { readonly x: number; readonly y: number };
  /** Size of the plane, pixels. */
  readonly plane: { readonly width: number; readonly height: number };
}

export interface PlaneBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Whether these planes are of a kind and a make that the input takes (sizes are checked by {@link planesToTensor}). */
export function acceptsPlanes(planes: ScanPlanes, input: ModelInput): boolean {
  if (!input.kinds.includes(planes.kind)) return false;
  // Colours are turned into a pair where a pair is asked for.
  if (planes.rgb !== undefined && input.channels.length === 2) return planes.kind === "pseudo-colour";
  return input.channels.every((channel) => planeOf(planes, channel) !== undefined);
}

/** The plane that feeds a channel: a model of one plane that takes pairs looks at the high energy, which reaches deepest. */
function planeOf(planes: ScanPlanes, channel: ModelInput["channels"][number]): Uint16Array | undefined {
  return channel === "single" ? (planes.single ?? planes.high) : planes[channel];
}

function unusable(message: string, planes: ScanPlanes): LynceusError {
  return new LynceusError("LYN_MODEL_SCAN_UNSUPPORTED", message, {
    remedy:
      "Give the model a scan of a kind and size that its package accepts, or install a package for this kind.",
    details: { kind: planes.kind, width: planes.width, height: planes.height, airLevel: planes.airLevel },
  });
}

function checkSize(planes: ScanPlanes): void {
  const { width, height } = planes;
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || width > MAX_PLANE_SIDE || height > MAX_PLANE_SIDE || width * height > MAX_PLANE_PIXELS) {
    throw unusable(`a plane of ${width}x${height} pixels is outside of the limits`, planes);
  }
}

function checkPlanes(planes: ScanPlanes, input: ModelInput): void {
  const { width, height, airLevel } = planes;
  if (!(airLevel > 0 && Number.isFinite(airLevel)))
    throw unusable(`air level ${airLevel} is not a positive number`, planes);
  for (const channel of input.channels) {
    if (planeOf(planes, channel)?.length !== width * height)
      throw unusable(`the ${channel} plane does not hold ${width}x${height} samples`, planes);
  }
}

/**
 * Plane pitch over training pitch per axis (1 when unknown or close), then shrunk so that the whole fits; or whatever fills the
 * largest size.
 */
function chooseScale(planes: ScanPlanes, input: ModelInput): { x: number; y: number } {
  if (input.fit === "stretch")
    return { x: input.maximum.width / planes.width, y: input.maximum.height / planes.height };
  const { pixelPitchMm: wanted } = input;
  const toPitch = (pitch: number | undefined) => {
    if (wanted === null || pitch === undefined || !(pitch > 0) || !Number.isFinite(pitch)) return 1;
    const ratio = pitch / wanted;
    return Math.abs(ratio - 1) <= PITCH_TOLERANCE ? 1 : ratio;
  };
  const x = toPitch(planes.pixelPitchMm?.x);
  const y = toPitch(planes.pixelPitchMm?.y);
  const fit = Math.min(
    1,
    input.maximum.width / (planes.width * x),
    input.maximum.height / (planes.height * y),
  );
  return { x: x * fit, y: y * fit };
}

function padded(size: number, least: number, multiple: number): number {
  return Math.ceil(Math.max(size, least) / multiple) * multiple;
}

/** One channel, written once from end to end: this runs for every plane of every scan, between its last line and its hit. */
function fillChannel(
  channel: Float32Array,
  width: number,
  counts: Samples,
  inner: { readonly width: number; readonly height: number },
  { airLevel, padding }: { readonly airLevel: number; readonly padding: number },
): void {
  let from = 0;
  for (let y = 0; y < inner.height; y += 1) {
    const row = y * width;
    const end = row + inner.width;
    for (let to = row; to < end; to += 1, from += 1) {
      channel[to] = Math.min(MAX_TRANSMISSION, counts[from]! / airLevel);
    }
    channel.fill(padding, end, row + width);
  }
  channel.fill(padding, inner.height * width);
}

/**
 * Transmission tensor of a view: counts ÷ air level, resampled to the training pitch when the pitch is known and differs,
 * shrunk when larger than the model takes, padded with air to the right and below; or stretched to the one size of the model.
 * A pseudo-colour view is turned into a pseudo pair first, of an estimated pitch.
 * @throws LynceusError LYN_MODEL_SCAN_UNSUPPORTED
 */
export function planesToTensor(source: ScanPlanes, input: ModelInput): InputTensor {
  if (!acceptsPlanes(source, input)) throw unusable(`the model does not read ${source.kind} scans`, source);
  checkSize(source);
  const planes = input.channels.length === 2 ? withPseudoPair(source) : source;
  checkPlanes(planes, input);
  const scale = chooseScale(planes, input);
  const inner = {
    width: Math.min(input.maximum.width, Math.max(1, Math.round(planes.width * scale.x))),
    height: Math.min(input.maximum.height, Math.max(1, Math.round(planes.height * scale.y))),
  };
  const width = padded(inner.width, input.minimum.width, input.multipleOf);
  const height = padded(inner.height, input.minimum.height, input.multipleOf);
  const data = new Float32Array(input.channels.length * width * height);
  input.channels.forEach((channel, c) => {
    const source = { data: planeOf(planes, channel)!, width: planes.width, height: planes.height };
    const part = data.subarray(c * height * width, (c + 1) * height * width);
    fillChannel(part, width, resample(source, inner), inner, { ...planes, padding: input.padding });
  });
  return {
    data,
    dims: [1, input.channels.length, height, width],
    scale: { x: inner.width / planes.width, y: inner.height / planes.height },
    plane: { width: planes.width, height: planes.height },
  };
}

/** The input tensors of one view: packages that describe their input alike are given the same one, built once. */
export class ViewTensors {
  readonly #planes: ScanPlanes;
  readonly #built = new Map<string, InputTensor>();
  #pair: ScanPlanes | null = null;

  constructor(planes: ScanPlanes) {
    this.#planes = planes;
  }

  /** As {@link planesToTensor}. The tensor is shared: nobody may write to it. */
  of(input: ModelInput): InputTensor {
    const key = keyOf(input);
    const built = this.#built.get(key) ?? planesToTensor(this.#sourceOf(input), input);
    this.#built.set(key, built);
    return built;
  }

  /** A pseudo pair is made once for all models that ask for one. */
  #sourceOf(input: ModelInput): ScanPlanes {
    if (this.#planes.rgb === undefined || !acceptsPlanes(this.#planes, input)) return this.#planes;
    if (input.channels.length !== 2) return this.#planes;
    checkSize(this.#planes);
    this.#pair ??= withPseudoPair(this.#planes);
    return this.#pair;
  }
}

/** What of an input decides how its tensor looks: which kinds it takes beside this one does not. */
function keyOf({ name: _name, kinds: _kinds, subjects: _subjects, ...rest }: ModelInput): string {
  return JSON.stringify(rest);
}

/**
 * Corners in tensor pixels → whole pixels of the plane, clipped to it, right and bottom exclusive, at least 1×1.
 * Null when the box lies wholly outside of the plane (in the padding).
 */
export function toPlaneBox(
  corners: readonly [number, number, number, number],
  tensor: InputTensor,
): PlaneBox | null {
  const [x0, y0, x1, y1] = corners;
  const span = (from: number, to: number, scale: number, size: number) => {
    const start = Math.max(0, Math.round(Math.min(from, to) / scale));
    const end = Math.min(size, Math.round(Math.max(from, to) / scale));
    if (start >= size || end <= 0) return null;
    return { start, length: Math.max(1, end - start) };
  };
  const across = span(x0, x1, tensor.scale.x, tensor.plane.width);
  const down = span(y0, y1, tensor.scale.y, tensor.plane.height);
  if (across === null || down === null) return null;
  return { x: across.start, y: down.start, width: across.length, height: down.length };
}
