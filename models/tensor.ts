/** Planes → input tensor of a model, and boxes of the tensor → pixels of the plane. */
import { LynceusError } from "../protocols/errors.ts";
import type { ModelInput } from "./package.ts";
import type { ScanPlanes } from "./planes.ts";
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
  /** [1, 2, height, width], transmission, low then high energy. */
  readonly data: Float32Array;
  readonly dims: readonly [1, 2, number, number];
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
  return input.channels.every((channel) => planes[channel] !== undefined);
}

function unusable(message: string, planes: ScanPlanes): LynceusError {
  return new LynceusError("LYN_MODEL_SCAN_UNSUPPORTED", message, {
    remedy:
      "Give the model a scan of a kind and size that its package accepts, or install a package for this kind.",
    details: { kind: planes.kind, width: planes.width, height: planes.height, airLevel: planes.airLevel },
  });
}

function checkPlanes(planes: ScanPlanes, input: ModelInput): void {
  const { width, height, airLevel } = planes;
  if (!acceptsPlanes(planes, input)) throw unusable(`the model does not read ${planes.kind} scans`, planes);
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!whole || width > MAX_PLANE_SIDE || height > MAX_PLANE_SIDE || width * height > MAX_PLANE_PIXELS) {
    throw unusable(`a plane of ${width}x${height} pixels is outside of the limits`, planes);
  }
  if (!(airLevel > 0 && Number.isFinite(airLevel)))
    throw unusable(`air level ${airLevel} is not a positive number`, planes);
  for (const channel of input.channels) {
    if (planes[channel]!.length !== width * height)
      throw unusable(`the ${channel} plane does not hold ${width}x${height} samples`, planes);
  }
}

/** Plane pitch over training pitch per axis (1 when unknown or close), then shrunk so that the whole fits. */
function chooseScale(planes: ScanPlanes, input: ModelInput): { x: number; y: number } {
  const toPitch = (pitch: number | undefined) => {
    if (pitch === undefined || !(pitch > 0) || !Number.isFinite(pitch)) return 1;
    const ratio = pitch / input.pixelPitchMm;
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
 * Transmission tensor of a dual-energy view: counts ÷ air level, resampled to the training pitch when the pitch is known
 * and differs, shrunk when larger than the model takes, padded with air to the right and below.
 * @throws LynceusError LYN_MODEL_SCAN_UNSUPPORTED
 */
export function planesToTensor(planes: ScanPlanes, input: ModelInput): InputTensor {
  checkPlanes(planes, input);
  const scale = chooseScale(planes, input);
  const inner = {
    width: Math.min(input.maximum.width, Math.max(1, Math.round(planes.width * scale.x))),
    height: Math.min(input.maximum.height, Math.max(1, Math.round(planes.height * scale.y))),
  };
  const width = padded(inner.width, input.minimum.width, input.multipleOf);
  const height = padded(inner.height, input.minimum.height, input.multipleOf);
  const data = new Float32Array(2 * width * height);
  input.channels.forEach((channel, c) => {
    const source = { data: planes[channel]!, width: planes.width, height: planes.height };
    const part = data.subarray(c * height * width, (c + 1) * height * width);
    fillChannel(part, width, resample(source, inner), inner, { ...planes, padding: input.padding });
  });
  return {
    data,
    dims: [1, 2, height, width],
    scale: { x: inner.width / planes.width, y: inner.height / planes.height },
    plane: { width: planes.width, height: planes.height },
  };
}

/** The input tensors of one view: packages that describe their input alike are given the same one, built once. */
export class ViewTensors {
  readonly #planes: ScanPlanes;
  readonly #built = new Map<string, InputTensor>();

  constructor(planes: ScanPlanes) {
    this.#planes = planes;
  }

  /** As {@link planesToTensor}. The tensor is shared: nobody may write to it. */
  of(input: ModelInput): InputTensor {
    const key = JSON.stringify(input);
    const built = this.#built.get(key) ?? planesToTensor(this.#planes, input);
    this.#built.set(key, built);
    return built;
  }
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
