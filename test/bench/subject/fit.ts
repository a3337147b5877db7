/**
 * Fits the recogniser of `device/image/subject.ts`: `node test/bench/subject/fit.ts [--count N] [--seed S]`. Simulates and
 * draws samples, measures their features as the analysis would, fits two layers by Adam, prints how held-out samples do
 * and writes `device/image/subject-weights.ts`. The same seed and count give the same file.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  SUBJECTS,
  type SubjectWeights,
  scoreSubject,
  subjectFeatures,
  WEIGHT_SCALE,
} from "../../../device/image/subject.ts";
import { normaliseView } from "../../../device/inference/normalise.ts";
import { Random } from "../../../simulator/random.ts";
import { samples } from "./samples.ts";

const HIDDEN = 24;
const EPOCHS = 160;
const BATCH = 32;
const RATE = 0.004;
const DECAY = 2e-3;
/** Noise put on features, and the share of them left out at a time: no single one may decide. */
const JITTER = 0.12;
const DROPPED = 0.1;

interface Row {
  readonly features: Float64Array;
  readonly label: number;
  readonly family: string;
}

function measure(seed: number, count: number): Row[] {
  const rows: Row[] = [];
  for (const { scan, subject, family } of samples(seed, count)) {
    const { planes } = normaliseView(scan.kind, scan.views[0]!, scan.airLevel);
    rows.push({ features: subjectFeatures(planes), label: SUBJECTS.indexOf(subject), family });
    if (rows.length % 200 === 0) process.stderr.write(`${rows.length} of ${count} measured\n`);
  }
  return rows;
}

/** Weights in one array with Adam's moments beside them. */
class Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float64Array;
  readonly gradient: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;

  constructor(inputs: number, outputs: number, random: Random) {
    this.inputs = inputs;
    this.outputs = outputs;
    const size = (inputs + 1) * outputs;
    this.weights = Float64Array.from({ length: size }, () => random.normal() / Math.sqrt(inputs));
    this.gradient = new Float64Array(size);
    this.#first = new Float64Array(size);
    this.#second = new Float64Array(size);
  }

  forward(values: ArrayLike<number>): number[] {
    return Array.from({ length: this.outputs }, (_, o) => {
      const row = o * (this.inputs + 1);
      let sum = this.weights[row + this.inputs]!;
      for (let i = 0; i < this.inputs; i++) sum += this.weights[row + i]! * values[i]!;
      return sum;
    });
  }

  backward(values: ArrayLike<number>, errors: readonly number[]): number[] {
    const back = new Array<number>(this.inputs).fill(0);
    for (const [o, error] of errors.entries()) {
      const row = o * (this.inputs + 1);
      for (let i = 0; i < this.inputs; i++) {
        this.gradient[row + i]! += error * values[i]!;
        back[i]! += error * this.weights[row + i]!;
      }
      this.gradient[row + this.inputs]! += error;
    }
    return back;
  }

  step(rate: number, count: number, time: number): void {
    for (let i = 0; i < this.weights.length; i++) {
      const g = this.gradient[i]! / count;
      this.#first[i] = 0.9 * this.#first[i]! + 0.1 * g;
      this.#second[i] = 0.999 * this.#second[i]! + 0.001 * g * g;
      const move =
        this.#first[i]! / (1 - 0.9 ** time) / (Math.sqrt(this.#second[i]! / (1 - 0.999 ** time)) + 1e-8);
      this.weights[i]! -= rate * (move + DECAY * this.weights[i]!);
      this.gradient[i] = 0;
    }
  }

  rows(): number[][] {
    return Array.from({ length: this.outputs }, (_, o) =>
      Array.from(this.weights.subarray(o * (this.inputs + 1), (o + 1) * (this.inputs + 1)), (v) =>
        Math.round(v * WEIGHT_SCALE),
      ),
    );
  }
}

function fitWeights(rows: readonly Row[], random: Random): SubjectWeights {
  const hidden = new Layer(rows[0]!.features.length, HIDDEN, random);
  const out = new Layer(HIDDEN, SUBJECTS.length, random);
  let time = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const rate = RATE * (0.02 + 0.98 * 0.5 * (1 + Math.cos((Math.PI * epoch) / EPOCHS)));
    const order = random.shuffle(rows);
    for (let at = 0; at < order.length; at += BATCH) {
      const batch = order.slice(at, at + BATCH);
      for (const { features, label } of batch) {
        const input = features.map((v) => (random.chance(DROPPED) ? 0 : v + JITTER * random.normal()));
        const middle = hidden.forward(input).map(Math.tanh);
        const logits = out.forward(middle);
        const most = Math.max(...logits);
        const total = logits.reduce((sum, l) => sum + Math.exp(l - most), 0);
        const errors = logits.map((l, o) => Math.exp(l - most) / total - (o === label ? 0.97 : 0.015));
        const back = out.backward(middle, errors);
        hidden.backward(
          input,
          back.map((error, i) => error * (1 - middle[i]! ** 2)),
        );
      }
      time++;
      hidden.step(rate, batch.length, time);
      out.step(rate, batch.length, time);
    }
  }
  return { hidden: hidden.rows(), out: out.rows() };
}

/** Held-out samples: right in all, and each wrong family. */
function report(rows: readonly Row[], weights: SubjectWeights): void {
  const wrong = new Map<string, [number, number]>();
  for (const { features, label, family } of rows) {
    const scores = scoreSubject(features, weights);
    const best = SUBJECTS.reduce((a, b) => (scores[b] > scores[a] ? b : a));
    const entry = wrong.get(family) ?? [0, 0];
    wrong.set(family, [entry[0] + (best === SUBJECTS[label] ? 0 : 1), entry[1] + 1]);
  }
  for (const [family, [missed, all]] of [...wrong].sort())
    console.log(`${family.padEnd(26)} ${missed} of ${all} wrong`);
}

const { values } = parseArgs({
  options: { count: { type: "string", default: "1500" }, seed: { type: "string", default: "41" } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
const rows = measure(seed, count);
const held = measure(seed + 1, Math.round(count / 5));
const weights = fitWeights(rows, new Random(seed, "fit"));
report(held, weights);
const line = (row: readonly number[]) => `    [${row.join(", ")}],\n`;
writeFileSync(
  new URL("../../../device/image/subject-weights.ts", import.meta.url),
  `/** Written by \`test/bench/subject/fit.ts --count ${count} --seed ${seed}\`; not edited by hand. */
export const SUBJECT_WEIGHTS: {
  readonly hidden: readonly (readonly number[])[];
  readonly out: readonly (readonly number[])[];
} = {
  hidden: [
${weights.hidden.map(line).join("")}  ],
  out: [
${weights.out.map(line).join("")}  ],
};
`,
);
