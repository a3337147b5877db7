/** Length of the vectors. */
export const DIMENSIONS = 128;
/** Bytes of a sketch: one bit a hyperplane. */
export const SKETCH_BYTES = 32;
const HYPERPLANES = 8 * SKETCH_BYTES;
/** Largest value of a quantised component. */
const FULL = 127;

/** A unit vector as signed bytes: 1/127 steps, which moves a cosine by less than 0.01. */
export function quantise(vector: Float32Array): Int8Array {
  return Int8Array.from(vector, (value) => Math.round(FULL * Math.min(1, Math.max(-1, value))));
}

/** Cosine of two quantised vectors, −1…1; 0 where one has no length. */
export function cosine(a: Int8Array, b: Int8Array): number {
  let dot = 0;
  let ofA = 0;
  let ofB = 0;
  for (let i = 0; i < DIMENSIONS; i++) {
    const x = a[i]!;
    const y = b[i]!;
    dot += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA > 0 && ofB > 0 ? dot / Math.sqrt(ofA * ofB) : 0;
}

/**
 * Turns vectors into sketches whose Hamming distance grows with their angle: the side of 256 fixed hyperplanes through
 * `centre` on which a vector lies. The hyperplanes are the same on every machine.
 */
export class Sketcher {
  readonly #centre: Float32Array;
  readonly #planes: Float64Array;

  constructor(centre: Float32Array) {
    this.#centre = centre;
    this.#planes = hyperplanes();
  }

  of(vector: Int8Array): Uint8Array {
    const sketch = new Uint8Array(SKETCH_BYTES);
    const planes = this.#planes;
    const around = new Float64Array(DIMENSIONS);
    for (let i = 0; i < DIMENSIONS; i++) around[i] = Math.fround(vector[i]! / FULL - this.#centre[i]!);
    for (let plane = 0, at = 0; plane < HYPERPLANES; plane++) {
      let sum = 0;
      for (let i = 0; i < DIMENSIONS; i++, at++) sum += planes[at]! * around[i]!;
      if (sum > 0) sketch[plane >> 3]! |= 1 << (plane & 7);
    }
    return sketch;
  }
}

/** Random signs (Rademacher), which separate as well as Gaussian ones: bits of a 32-bit xorshift. */
function hyperplanes(): Float64Array {
  let state = 0x9e3779b9;
  return Float64Array.from({ length: HYPERPLANES * DIMENSIONS }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state < 0 ? -1 : 1;
  });
}
