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
 * Hamming distances of one sketch to many, in WebAssembly with vectors: a million of 256 bits take a few milliseconds, where
 * plain JavaScript takes tens. `test/bench/similar/assemble.ts` writes it. With the memory; addresses are of bytes, all spans whole
 * groups of 16:
 *
 *   distances(sketches, end, out)              a byte for each sketch of 32 bytes from the query at 0; 255 and 256 are both 255
 *   within(distances, end, limit)              how many are at most `limit`
 *   collect(distances, end, limit, out, most)  u32 places of those, in order, at most `most` of them; returns their number
 */
const MODULE =
  "AGFzbQEAAAABFwNgA39/fwBgA39/fwF/YAV/f39/fwF/AhEBBWluZGV4Bm1lbW9yeQIAAQMEAwABAgcgAwlkaXN0YW5jZXMAAAZ3aXRoaW4AAQdjb2xsZWN0AAIKqQsDiwoBCntBAP0ABAAhA0EQ/QAEACEEAkADQCAAIAFPDQEgAgJ7AnsCewJ7IAD9AAQAIAP9Uf1iIAD9AAQQIAT9Uf1i/W4hBSAA/QAEICAD/VH9YiAA/QAEMCAE/VH9Yv1uIQYgBSAG/Q0AAgQGCAoMDhASFBYYGhweIAUgBv0NAQMFBwkLDQ8RExUXGRsdH/1wCyEHAnsgAP0ABEAgA/1R/WIgAP0ABFAgBP1R/WL9biEFIAD9AARgIAP9Uf1iIAD9AARwIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQggByAI/Q0AAgQGCAoMDhASFBYYGhweIAcgCP0NAQMFBwkLDQ8RExUXGRsdH/1wCyEJAnsCeyAA/QAEgAEgA/1R/WIgAP0ABJABIAT9Uf1i/W4hBSAA/QAEoAEgA/1R/WIgAP0ABLABIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQcCeyAA/QAEwAEgA/1R/WIgAP0ABNABIAT9Uf1i/W4hBSAA/QAE4AEgA/1R/WIgAP0ABPABIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQggByAI/Q0AAgQGCAoMDhASFBYYGhweIAcgCP0NAQMFBwkLDQ8RExUXGRsdH/1wCyEKIAkgCv0NAAIEBggKDA4QEhQWGBocHiAJIAr9DQEDBQcJCw0PERMVFxkbHR/9cAshCwJ7AnsCeyAA/QAEgAIgA/1R/WIgAP0ABJACIAT9Uf1i/W4hBSAA/QAEoAIgA/1R/WIgAP0ABLACIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQcCeyAA/QAEwAIgA/1R/WIgAP0ABNACIAT9Uf1i/W4hBSAA/QAE4AIgA/1R/WIgAP0ABPACIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQggByAI/Q0AAgQGCAoMDhASFBYYGhweIAcgCP0NAQMFBwkLDQ8RExUXGRsdH/1wCyEJAnsCeyAA/QAEgAMgA/1R/WIgAP0ABJADIAT9Uf1i/W4hBSAA/QAEoAMgA/1R/WIgAP0ABLADIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQcCeyAA/QAEwAMgA/1R/WIgAP0ABNADIAT9Uf1i/W4hBSAA/QAE4AMgA/1R/WIgAP0ABPADIAT9Uf1i/W4hBiAFIAb9DQACBAYICgwOEBIUFhgaHB4gBSAG/Q0BAwUHCQsNDxETFRcZGx0f/XALIQggByAI/Q0AAgQGCAoMDhASFBYYGhweIAcgCP0NAQMFBwkLDQ8RExUXGRsdH/1wCyEKIAkgCv0NAAIEBggKDA4QEhQWGBocHiAJIAr9DQEDBQcJCw0PERMVFxkbHR/9cAshDCALIAz9DQACBAYICgwOEBIUFhgaHB4gCyAM/Q0BAwUHCQsNDxETFRcZGx0f/XAL/QsEACAAQYAEaiEAIAJBEGohAgwACwsLMAEBfwJAA0AgACABTw0BIAMgAP0ABAAgAv0P/Sr9ZGlqIQMgAEEQaiEADAALCyADC2kBA38gACEGAkADQCAAIAFPDQEgAP0ABAAgAv0P/Sr9ZCEFAkADQCAFRQ0BIAcgBE8NAyADIAdBAnRqIAAgBmsgBWhqNgIAIAdBAWohByAFIAVBAWtxIQUMAAsLIABBEGohAAwACwsgBws=";
const PAGE = 65_536;
const GROUP = 16;
/** The query lies at 0; what follows starts on a line of the cache. */
const SKETCHES_AT = 64;
/** Largest distance that a byte tells. */
const FAR = 255;
const LEAST_SLOTS = 1024;
/** Slots given back beyond those asked for, where many are equally near: a thousand scans of one thing must not cost a search its time. */
const MOST_TIES = 1024;

interface Functions {
  readonly distances: (sketches: number, end: number, out: number) => void;
  readonly within: (distances: number, end: number, limit: number) => number;
  readonly collect: (distances: number, end: number, limit: number, out: number, most: number) => number;
}

/** Sketches in memory, by slot: 33 bytes each, in memory that grows with them and never shrinks. */
export class HammingScan {
  readonly #memory: Memory = new WebAssembly.Memory({ initial: 1 });
  readonly #call: Functions;
  #slots = 0;

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(MODULE, "base64"));
    const { exports } = new WebAssembly.Instance(module, { index: { memory: this.#memory } });
    this.#call = exports as unknown as Functions;
  }

  /** Bytes held, of which only what was written to is resident. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  set(slot: number, sketch: Uint8Array): void {
    this.#grow(slot + 1);
    new Uint8Array(this.#memory.buffer).set(sketch, SKETCHES_AT + slot * SKETCH_BYTES);
  }

  /**
   * At least `wanted` of the first `count` slots (all, where there are fewer), those nearest to `query`, in slot order. Of
   * those at the last distance at most 1,024 more than wanted.
   */
  nearest(query: Uint8Array, count: number, wanted: number): number[] {
    if (count === 0) return [];
    this.#grow(count);
    const most = wanted + MOST_TIES;
    const at = SKETCHES_AT + this.#slots * SKETCH_BYTES;
    const end = at + Math.ceil(count / GROUP) * GROUP;
    const out = at + this.#slots;
    this.#reserve(out + 4 * most);
    const bytes = new Uint8Array(this.#memory.buffer);
    bytes.set(query, 0);
    this.#call.distances(SKETCHES_AT, SKETCHES_AT + (end - at) * SKETCH_BYTES, at);
    bytes.fill(FAR, at + count, end);
    const slots = (limit: number): number[] => {
      const found = this.#call.collect(at, end, limit, out, most);
      return [...new Uint32Array(this.#memory.buffer, out, found)].filter((slot) => slot < count);
    };
    const limit = this.#limit(at, end, Math.min(wanted, count));
    const found = slots(limit);
    if (found.length < most || limit === 0) return found;
    return [...new Set([...slots(limit - 1), ...found])].sort((a, b) => a - b);
  }

  /** The smallest distance within which `wanted` slots lie. */
  #limit(at: number, end: number, wanted: number): number {
    let [least, most] = [0, FAR];
    while (least < most) {
      const middle = (least + most) >> 1;
      if (this.#call.within(at, end, middle) >= wanted) most = middle;
      else least = middle + 1;
    }
    return least;
  }

  /** Room for the sketches, whole groups of them, and a distance for each. */
  #grow(slots: number): void {
    if (slots <= this.#slots) return;
    const wanted = Math.max(LEAST_SLOTS, slots, this.#slots * 1.5);
    this.#slots = Math.ceil(wanted / GROUP) * GROUP;
    this.#reserve(SKETCHES_AT + this.#slots * (SKETCH_BYTES + 1));
  }

  #reserve(bytes: number): void {
    const more = Math.ceil(bytes / PAGE) - this.#memory.buffer.byteLength / PAGE;
    if (more > 0) this.#memory.grow(more);
  }
}
