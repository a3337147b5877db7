import { SKETCH_BYTES } from "./sketch.ts";

/** What is used of it: the standard library's types come with those of a browser only. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number }) => Memory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { index: { memory: Memory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
};
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * Hamming distances of one sketch to many, in WebAssembly: a million of 256 bits take a few milliseconds, where plain
 * JavaScript takes tens. The text it was assembled from (`wat2wasm`), with the memory and `distances(sketches, count, out)`:
 *
 *   q0 = v128[0], q1 = v128[16]
 *   for each sketch of 32 bytes:
 *     sum = popcnt(v128[sketch] ^ q0) + popcnt(v128[sketch + 16] ^ q1)      i8x16.popcnt, i8x16.add
 *     u16[out] = horizontal sum of the 16 lanes                            extadd_pairwise twice, then four lanes
 */
const MODULE =
  "AGFzbQEAAAABBwFgA39/fwACEQEFaW5kZXgGbWVtb3J5AgABAwIBAAcNAQlkaXN0YW5jZXMAAAp7AXkCAX8De0EA/QAEACEEQRD9AAQAIQUgACABQQV0aiEDAkADQCAAIANPDQEgAP0ABAAgBP1R/WIgAP0ABBAgBf1R/WL9bv19/X8hBiACIAb9GwAgBv0bAWogBv0bAiAG/RsDamo7AQAgAEEgaiEAIAJBAmohAgwACwsL";
const PAGE = 65_536;
/** The query lies at 0; what follows starts on a line of the cache. */
const SKETCHES_AT = 64;
/** Possible distances: 0…256. */
const LEVELS = 8 * SKETCH_BYTES + 1;
const LEAST_SLOTS = 1024;

/** Sketches in memory, by slot: 34 bytes each, in memory that grows with them and never shrinks. */
export class HammingScan {
  readonly #memory: Memory = new WebAssembly.Memory({ initial: 1 });
  readonly #distances: (sketches: number, count: number, out: number) => void;
  #slots = 0;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(MODULE, "base64"));
    const instance = new WebAssembly.Instance(module, { index: { memory: this.#memory } });
    this.#distances = instance.exports["distances"] as (sketches: number, count: number, out: number) => void;
  }

  /** Bytes held, of which only what was written to is resident. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  set(slot: number, sketch: Uint8Array): void {
    this.#grow(slot + 1);
    new Uint8Array(this.#memory.buffer).set(sketch, SKETCHES_AT + slot * SKETCH_BYTES);
  }

  /** At least `wanted` of the first `count` slots (all, where there are fewer), those nearest to `query`, in slot order. */
  nearest(query: Uint8Array, count: number, wanted: number): number[] {
    this.#grow(count);
    new Uint8Array(this.#memory.buffer).set(query, 0);
    const out = SKETCHES_AT + this.#slots * SKETCH_BYTES;
    this.#distances(SKETCHES_AT, count, out);
    const distances = new Uint16Array(this.#memory.buffer, out, count);
    const limit = limitOf(distances, wanted);
    const found: number[] = [];
    for (let slot = 0; slot < count; slot++) if (distances[slot]! <= limit) found.push(slot);
    return found;
  }

  #grow(slots: number): void {
    if (slots <= this.#slots) return;
    this.#slots = Math.max(LEAST_SLOTS, slots, Math.ceil(this.#slots * 1.5));
    const needed = Math.ceil((SKETCHES_AT + this.#slots * (SKETCH_BYTES + 2)) / PAGE);
    const more = needed - this.#memory.buffer.byteLength / PAGE;
    if (more > 0) this.#memory.grow(more);
  }
}

/** The smallest distance within which `wanted` slots lie. */
function limitOf(distances: Uint16Array, wanted: number): number {
  const histogram = new Uint32Array(LEVELS);
  for (let slot = 0; slot < distances.length; slot++) histogram[distances[slot]!]! += 1;
  let seen = 0;
  for (let level = 0; level < LEVELS; level++) {
    seen += histogram[level]!;
    if (seen >= wanted) return level;
  }
  return LEVELS;
}
