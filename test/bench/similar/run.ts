/**
 * A million vectors on disk: time of a search, memory, time to open, and how many of the exact five nearest are found.
 * Vectors are drawn as scans come: kinds of goods as clusters around a common centre, each item a cluster of its own in its
 * kind, so that neighbours are neither random nor copies.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimilarIndex } from "../../../device/similar/index.ts";
import { cosine, DIMENSIONS, quantise } from "../../../device/similar/sketch.ts";
import { Random } from "../../../simulator/random.ts";
import { report, spreadOf, spreadText } from "../figures.ts";

const COUNT = Number(process.env["LYNCEUS_SIMILAR_COUNT"] ?? 1_000_000);
const QUERIES = 40;
/** Normal numbers drawn once: each vector takes a stretch of them, since a million times 128 anew would take minutes. */
const BANK = 1 << 20;
const KINDS = 400;
const PER_ITEM = 4;

const random = new Random(5, "similar");
const bank = Float32Array.from({ length: BANK }, () => random.normal());
const normal = (spread: number) => {
  const start = random.int(0, BANK - DIMENSIONS - 1);
  return bank.subarray(start, start + DIMENSIONS).map((value) => spread * value);
};
const unit = (...parts: readonly Float32Array[]) => {
  const sum = new Float32Array(DIMENSIONS);
  for (const part of parts) for (let i = 0; i < DIMENSIONS; i++) sum[i]! += part[i]!;
  let square = 0;
  for (const value of sum) square += value * value;
  const length = Math.sqrt(square);
  return sum.map((value) => value / length);
};
const common = normal(0.06);
const kinds = Array.from({ length: KINDS }, () => normal(0.06));
let item = normal(0.05);
let kind = kinds[0]!;
function draw(index: number): Float32Array {
  if (index % PER_ITEM === 0) {
    kind = kinds[random.int(0, KINDS - 1)]!;
    item = normal(0.04);
  }
  return unit(common, kind, item, normal(0.02));
}
const idOf = (index: number) => `019ca000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`;

const directory = mkdtempSync(join(tmpdir(), "lynceus-similar-"));
try {
  const options = { directory, model: "ab".repeat(32), capacity: Math.max(COUNT, 1) };
  const index = SimilarIndex.open(options);
  const all = new Int8Array(COUNT * DIMENSIONS);
  const queries: Float32Array[] = [];
  const began = performance.now();
  for (let i = 0; i < COUNT; i++) {
    const vector = draw(i);
    if (i % Math.floor(COUNT / QUERIES) === 1) queries.push(unit(vector, normal(0.02)));
    all.set(quantise(vector), i * DIMENSIONS);
    index.add(idOf(i), vector);
  }
  report("similar: adding one", `${((performance.now() - began) / COUNT).toFixed(2)} ms`);
  index.close();
  const opened = performance.now();
  const again = SimilarIndex.open(options);
  report("similar: opening", `${((performance.now() - opened) / 1000).toFixed(1)} s, ${again.size} scans`);
  for (const query of queries.slice(0, 10)) again.search(query, 5);
  const times: number[] = [];
  const cpu: number[] = [];
  let found = 0;
  let first = 0;
  for (const query of queries) {
    const start = performance.now();
    const busy = process.cpuUsage();
    const near = again.search(query, 5);
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(busy);
    cpu.push((user + system) / 1000);
    const exact = exactNearest(all, quantise(query));
    found += exact.filter((slot) => near.some(({ scanId }) => scanId === idOf(slot))).length;
    first += near[0]?.scanId === idOf(exact[0]!) ? 1 : 0;
  }
  report("similar: top 5", `${spreadText(spreadOf(times), "ms")} (aim ≤ 20 ms)`);
  report("similar: of it on the processor", spreadText(spreadOf(cpu), "ms"));
  report(
    "similar: recall of the exact 5",
    `${((100 * found) / (5 * queries.length)).toFixed(1)} %, of the first ${((100 * first) / queries.length).toFixed(1)} %`,
  );
  report("similar: memory of the sketches", `${(again.bytes / 1e6).toFixed(0)} MB`);
  again.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function exactNearest(all: Int8Array, query: Int8Array): readonly number[] {
  const best: { slot: number; similarity: number }[] = [];
  for (let slot = 0; slot < all.length / DIMENSIONS; slot++) {
    const similarity = cosine(query, all.subarray(slot * DIMENSIONS, (slot + 1) * DIMENSIONS));
    if (best.length === 5 && similarity <= best[4]!.similarity) continue;
    best.push({ slot, similarity });
    best.sort((a, b) => b.similarity - a.similarity);
    if (best.length > 5) best.pop();
  }
  return best.map(({ slot }) => slot);
}
