import { createHash } from "node:crypto";

/** Merkle trees over a log (RFC 6962 §2.1, RFC 9162 §2.1): a head that says what the log holds, and proofs against it. */

const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
/** Leaves that a packed level begins with room for. */
const FIRST_ROOM = 64;

function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return new Uint8Array(digest.digest());
}

/** Hash of a leaf: SHA-256(0x00 ‖ data). */
export function leafHash(data: Uint8Array): Uint8Array {
  return hash(LEAF, data);
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(NODE, left, right);
}

function same(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** The largest power of two below `n`, n ≥ 2. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** What is kept of a tree to go on with it: its size and the roots of its complete subtrees, at most one a bit of the size. */
export class TreeHead {
  #size = 0;
  /** Largest first, each with its number of leaves. */
  #peaks: { leaves: number; root: Uint8Array }[] = [];

  get size(): number {
    return this.#size;
  }

  /** @param leaf {@link leafHash} of the next entry. */
  append(leaf: Uint8Array): void {
    let peak = { leaves: 1, root: leaf };
    for (let last = this.#peaks.at(-1); last?.leaves === peak.leaves; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { leaves: peak.leaves * 2, root: nodeHash(last.root, peak.root) };
    }
    this.#peaks.push(peak);
    this.#size += 1;
  }

  /** The root of all leaves so far; of none: SHA-256 of nothing. */
  root(): Uint8Array {
    const roots = this.#peaks.map((peak) => peak.root);
    return roots.length === 0 ? hash() : roots.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** Hashes one after another in one buffer: a million take 32 MB, not a million objects. */
class PackedHashes {
  #bytes = new Uint8Array(FIRST_ROOM * HASH_BYTES);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(value: Uint8Array): void {
    const at = this.#count * HASH_BYTES;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(value, at);
    this.#count += 1;
  }

  at(index: number): Uint8Array {
    return this.#bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }
}

/** A whole tree, for proofs about any earlier size of it: 64 bytes an entry. */
export class MerkleTree {
  /** Level k: roots of the complete subtrees of 2^k leaves. */
  readonly #levels: PackedHashes[] = [new PackedHashes()];

  get size(): number {
    return this.#levels[0]?.count ?? 0;
  }

  /** @param leaf {@link leafHash} of the next entry. */
  append(leaf: Uint8Array): void {
    let root = leaf;
    for (let level = 0; ; level += 1) {
      const packed = this.#level(level);
      packed.push(root);
      if (packed.count % 2 === 1) return;
      root = nodeHash(packed.at(packed.count - 2), root);
    }
  }

  /** The root when the tree had `size` leaves, 0 … {@link size}. */
  root(size: number = this.size): Uint8Array {
    return size === 0 ? hash() : this.#range(0, size);
  }

  /** The way from entry `index` to the root of `size` leaves (RFC 9162 §2.1.3). */
  inclusionProof(index: number, size: number = this.size): Uint8Array[] {
    return index < 0 || index >= size || size > this.size ? [] : this.#path(index, 0, size);
  }

  /** Shows that the tree of `from` leaves is the beginning of that of `to` (RFC 9162 §2.1.4). */
  consistencyProof(from: number, to: number = this.size): Uint8Array[] {
    return from <= 0 || from >= to || to > this.size ? [] : this.#subproof(from, 0, to, true);
  }

  #level(level: number): PackedHashes {
    const known = this.#levels[level] ?? new PackedHashes();
    this.#levels[level] = known;
    return known;
  }

  #range(from: number, to: number): Uint8Array {
    const count = to - from;
    if (Number.isInteger(Math.log2(count))) {
      const level = Math.round(Math.log2(count));
      return this.#level(level).at(from / count);
    }
    const k = split(count);
    return nodeHash(this.#range(from, from + k), this.#range(from + k, to));
  }

  #path(index: number, from: number, to: number): Uint8Array[] {
    if (to - from === 1) return [];
    const middle = from + split(to - from);
    return index < middle
      ? [...this.#path(index, from, middle), this.#range(middle, to)]
      : [...this.#path(index, middle, to), this.#range(from, middle)];
  }

  /** @param whole the subtree is the old tree itself, whose root the verifier has. */
  #subproof(old: number, from: number, to: number, whole: boolean): Uint8Array[] {
    if (old === to - from) return whole ? [] : [this.#range(from, to)];
    const k = split(to - from);
    return old <= k
      ? [...this.#subproof(old, from, from + k, whole), this.#range(from + k, to)]
      : [...this.#subproof(old - k, from + k, to, false), this.#range(from, from + k)];
  }
}

const half = (n: number) => Math.floor(n / 2);
const odd = (n: number) => n % 2 === 1;

/** Whether `leaf` stands at `index` in the tree of `size` leaves with this root (RFC 9162 §2.1.3.2). */
export function verifyInclusion(claim: {
  readonly index: number;
  readonly size: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { index, size, leaf, proof, root } = claim;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  let at = index;
  let last = size - 1;
  let result = leaf;
  for (const step of proof) {
    if (last === 0) return false;
    if (odd(at) || at === last) {
      result = nodeHash(step, result);
      for (; !odd(at) && at !== 0; at = half(at)) last = half(last);
    } else result = nodeHash(result, step);
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(result, root);
}

/** Whether the tree of `from` leaves is the beginning of the tree of `to` leaves (RFC 9162 §2.1.4.2). */
export function verifyConsistency(claim: {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || from > to) return false;
  if (from === to) return proof.length === 0 && same(fromRoot, toRoot);
  let at = from - 1;
  let last = to - 1;
  for (; odd(at); at = half(at)) last = half(last);
  const [first, ...rest] = at === 0 ? [fromRoot, ...proof] : proof;
  if (first === undefined) return false;
  let old = first;
  let grown = first;
  for (const step of rest) {
    if (last === 0) return false;
    if (odd(at) || at === last) {
      old = nodeHash(step, old);
      grown = nodeHash(step, grown);
      for (; !odd(at) && at !== 0; at = half(at)) last = half(last);
    } else grown = nodeHash(grown, step);
    at = half(at);
    last = half(last);
  }
  return last === 0 && same(old, fromRoot) && same(grown, toRoot);
}
