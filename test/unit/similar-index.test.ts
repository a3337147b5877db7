import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HammingScan } from "../../device/similar/hamming.ts";
import { SimilarIndex } from "../../device/similar/index.ts";
import { RECORD_BYTES } from "../../device/similar/records.ts";
import { cosine, DIMENSIONS, quantise, SKETCH_BYTES } from "../../device/similar/sketch.ts";
import { Random } from "../../simulator/random.ts";

const MODEL = "ab".repeat(32);
const idOf = (n: number) => `019ca000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;

/** Unit vectors around a common direction: `near` of them differ little from vector 0. */
function vectors(count: number, seed = 1): Float32Array[] {
  const random = new Random(seed, "vectors");
  const common = Float32Array.from({ length: DIMENSIONS }, () => 0.05 * random.normal());
  return Array.from({ length: count }, () => {
    const raw = common.map((value) => value + 0.05 * random.normal());
    const length = Math.hypot(...raw);
    return raw.map((value) => value / length);
  });
}

/** Ids of the nearest by comparing with all. */
function exact(all: readonly Int8Array[], query: Float32Array, count: number): string[] {
  const wanted = quantise(query);
  return all
    .map((vector, n) => ({ id: idOf(n), similarity: cosine(wanted, vector) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count)
    .map(({ id }) => id);
}

describe("the index of similar scans", () => {
  let directory = "";
  const open = (capacity = 10_000, model = MODEL) => SimilarIndex.open({ directory, model, capacity });
  const file = () => join(directory, readdirSync(directory)[0]!);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lynceus-similar-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it("finds the nearest, most similar first, and never the scan itself", () => {
    const index = open();
    const all = vectors(300);
    for (const [n, vector] of all.entries()) index.add(idOf(n), vector);
    const found = index.search(all[7]!, 5);
    expect(found[0]).toEqual({ scanId: idOf(7), similarity: 1 });
    expect(found.map(({ scanId }) => scanId)).toEqual(exact(all.map(quantise), all[7]!, 5));
    expect(index.search(all[7]!, 5, idOf(7)).map(({ scanId }) => scanId)).not.toContain(idOf(7));
    index.close();
  });

  it("finds most of the exact five by sketches, and an item seen again nearly always", () => {
    const index = open();
    const all = vectors(4000);
    const quantised = all.map(quantise);
    for (const [n, vector] of all.entries()) index.add(idOf(n), vector);
    const random = new Random(9, "queries");
    let shared = 0;
    let again = 0;
    const queries = all.filter((_, n) => n % 200 === 3);
    for (const [n, vector] of queries.entries()) {
      const turned = vector.map((value) => value + 0.01 * random.normal());
      const found = index.search(turned, 5).map(({ scanId }) => scanId);
      const wanted = exact(quantised, turned, 5);
      shared += wanted.filter((id) => found.includes(id)).length;
      again += found[0] === idOf(n * 200 + 3) ? 1 : 0;
    }
    index.close();
    // Random vectors have no neighbours to speak of: the hardest case for a sketch.
    expect(shared / (5 * queries.length)).toBeGreaterThan(0.8);
    expect(again / queries.length).toBeGreaterThan(0.98);
  });

  it("is the same after a stop, and after a kill that left a torn record", () => {
    const all = vectors(2200);
    const first = open();
    for (const [n, vector] of all.entries()) first.add(idOf(n), vector);
    const before = first.search(all[2100]!, 5);
    // No close: what was written is in the file already.
    truncateSync(file(), statSync(file()).size - 50);
    const second = open();
    expect(second.size).toBe(2199);
    expect(second.search(all[2100]!, 5)).toEqual(before);
    second.add(idOf(2199), all[2199]!);
    expect(second.search(all[2199]!, 1)[0]?.scanId).toBe(idOf(2199));
    second.close();
    first.close();
  });

  it("leaves a damaged record out and starts anew from a damaged header", () => {
    const index = open();
    const all = vectors(20);
    for (const [n, vector] of all.entries()) index.add(idOf(n), vector);
    index.close();
    const bytes = readFileSync(file());
    bytes[4096 + 3 * RECORD_BYTES + 60]! ^= 1;
    writeFileSync(file(), bytes);
    const damaged = open();
    expect(damaged.search(all[3]!, 5).map(({ scanId }) => scanId)).not.toContain(idOf(3));
    expect(damaged.size).toBe(20);
    damaged.close();
    bytes[9]! ^= 1;
    writeFileSync(file(), bytes);
    const fresh = open();
    expect(fresh.size).toBe(0);
    fresh.close();
  });

  it("holds what its capacity says: the oldest goes", () => {
    const all = vectors(5000);
    const index = open(3000);
    for (const [n, vector] of all.entries()) index.add(idOf(n), vector);
    expect(index.size).toBe(3000);
    expect(statSync(file()).size).toBe(4096 + 3000 * RECORD_BYTES);
    expect(index.search(all[1999]!, 1)[0]?.scanId).not.toBe(idOf(1999));
    expect(index.search(all[2000]!, 1)[0]?.scanId).toBe(idOf(2000));
    index.close();
    const again = open(3000);
    expect(again.search(all[4999]!, 1)[0]?.scanId).toBe(idOf(4999));
    again.add(idOf(5000), vectors(1, 2)[0]!);
    expect(again.search(all[2000]!, 1)[0]?.scanId).not.toBe(idOf(2000));
    again.close();
  });

  it("takes no scan twice, and nothing that is no id or no vector", () => {
    const [vector] = vectors(1);
    const index = open();
    index.add(idOf(1), vector!);
    index.add(idOf(1), vector!);
    index.add("not a uuid", vector!);
    index.add(idOf(2), vector!.subarray(1));
    index.add(
      idOf(3),
      vector!.map(() => Number.NaN),
    );
    expect(index.size).toBe(1);
    expect(index.search(vector!, 5)).toHaveLength(1);
    index.close();
  });

  it("keeps vectors of one model only", () => {
    const [vector] = vectors(1);
    const index = open();
    index.add(idOf(1), vector!);
    index.close();
    const other = open(10_000, "cd".repeat(32));
    expect(other.search(vector!, 5)).toEqual([]);
    other.close();
    expect(readdirSync(directory)).toHaveLength(1);
  });
});

describe("Hamming distances", () => {
  it("are those of the bits, however many sketches there are", () => {
    const random = new Random(3, "sketches");
    const sketch = () => Uint8Array.from({ length: SKETCH_BYTES }, () => random.int(0, 255));
    const scan = new HammingScan();
    const all = Array.from({ length: 5000 }, sketch);
    for (const [slot, one] of all.entries()) scan.set(slot, one);
    const query = sketch();
    const bits = (byte: number) => byte.toString(2).replaceAll("0", "").length;
    const distances = all.map((one) => one.reduce((sum, byte, at) => sum + bits(byte ^ query[at]!), 0));
    const found = scan.nearest(query, all.length, 40);
    const limit = distances.toSorted((a, b) => a - b)[39]!;
    expect(found).toEqual(all.flatMap((_, slot) => (distances[slot]! <= limit ? [slot] : [])));
    expect(scan.nearest(query, 10, 40)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(scan.nearest(query, 0, 40)).toEqual([]);
  });

  it("are bounded where more scans are equally near than anyone wants to read", () => {
    const scan = new HammingScan();
    const same = new Uint8Array(SKETCH_BYTES).fill(0x5a);
    const other = same.with(3, 0x5b);
    for (let slot = 0; slot < 5000; slot++) scan.set(slot, slot % 500 === 77 ? same : other);
    const found = scan.nearest(same, 5000, 40);
    expect(found.length).toBeLessThanOrEqual(40 + 1024 + 10);
    for (let slot = 77; slot < 5000; slot += 500) expect(found).toContain(slot);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  });

  it("tell the opposite sketch from none", () => {
    const scan = new HammingScan();
    scan.set(0, new Uint8Array(SKETCH_BYTES).fill(0xff));
    scan.set(1, new Uint8Array(SKETCH_BYTES).fill(0x0f));
    expect(scan.nearest(new Uint8Array(SKETCH_BYTES), 2, 1)).toEqual([1]);
    expect(scan.nearest(new Uint8Array(SKETCH_BYTES), 2, 5)).toEqual([0, 1]);
  });
});
