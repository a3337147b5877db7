/**
 * Seeded random numbers for everything that is generated: same seed, same values on any machine.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand), seeded through a 32-bit finaliser.
 */

const NORMAL_TABLE_BITS = 14;
const NORMAL_TABLE = normalQuantiles(1 << NORMAL_TABLE_BITS);

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream: number | string = 0) {
    const tag = typeof stream === "string" ? hashText(stream) : stream >>> 0;
    this.#a = mix(seed >>> 0, tag);
    this.#b = mix(Math.floor(seed / 4294967296) >>> 0, this.#a ^ 0x9e3779b9);
    this.#c = mix(tag, this.#b ^ 0x85ebca6b);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** 0 ≤ value < 2³², integer. */
  uint32(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** A generator of its own, independent of how many values this one gives out later. */
  fork(stream: number | string): Random {
    return new Random(this.uint32(), stream);
  }

  /** 0 ≤ value < 1. */
  float(): number {
    return this.uint32() / 4294967296;
  }

  range(low: number, high: number): number {
    return low + (high - low) * this.float();
  }

  /** Integer, both ends included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.float() * values.length)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  }

  weighted<T>(values: readonly (readonly [T, number])[]): T {
    let total = 0;
    for (const [, weight] of values) total += weight;
    let at = this.float() * total;
    for (const [value, weight] of values) {
      at -= weight;
      if (at < 0) return value;
    }
    return this.pick(values)[0];
  }

  shuffle<T>(values: readonly T[]): T[] {
    const out = values.slice();
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  /** Standard normal from a quantile table (|value| ≤ 4.0): quick enough for every pixel. */
  normal(): number {
    return NORMAL_TABLE[this.uint32() >>> (32 - NORMAL_TABLE_BITS)] as number;
  }

  /** Fills `out` with standard normals: the same values as as many calls of {@link normal}, but quicker. */
  normals(out: Float32Array): void {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let counter = this.#counter;
    for (let i = 0; i < out.length; i++) {
      const t = (a + b + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      out[i] = NORMAL_TABLE[t >>> (32 - NORMAL_TABLE_BITS)] as number;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }

  digits(count: number): string {
    let text = "";
    for (let i = 0; i < count; i++) text += this.int(0, 9);
    return text;
  }
}

function mix(value: number, salt: number): number {
  let h = (value ^ salt) + 0x9e3779b9;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Quantiles of the standard normal at the middles of `count` equal steps (Acklam's rational fit, 1e-9). */
function normalQuantiles(count: number): Float32Array {
  const table = new Float32Array(count);
  for (let i = 0; i < count; i++) table[i] = probit((i + 0.5) / count);
  return table;
}

function probit(p: number): number {
  if (p > 0.5) return -probit(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    const top =
      ((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) *
        q +
        4.374664141464968) *
        q +
      2.938163982698783;
    const low =
      (((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) *
        q +
      1;
    return top / low;
  }
  const q = p - 0.5;
  const r = q * q;
  const top =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q;
  const low =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1;
  return top / low;
}
