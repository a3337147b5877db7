/**
 * Trains the weights from the lexicon: `node models/goods-text/train.ts`. Seeded: the same lexicon gives the same bytes.
 * About a minute on one idle core.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bucketsOf, tokensOf } from "./features.ts";
import { parseLexicon } from "./lexicon.ts";
import { packWeights, type Weights } from "./model.ts";
import { type Phrase, phrasesOf, randomOf } from "./phrases.ts";

const FOLDER = import.meta.dirname;
const SETTINGS = {
  version: "0.1.0",
  seed: 20261122,
  buckets: 32_768,
  dimensions: 24,
  epochs: 6,
  rate: 0.6,
  temperature: 3,
};

interface Sample {
  readonly features: Uint16Array;
  readonly label: number;
}

function readPhrases(): readonly Phrase[] {
  const random = randomOf(SETTINGS.seed);
  return readdirSync(join(FOLDER, "lexicon"))
    .filter((name) => /^[a-z]{2}\.txt$/.test(name))
    .sort()
    .flatMap((name) =>
      phrasesOf(name.slice(0, 2), parseLexicon(readFileSync(join(FOLDER, "lexicon", name), "utf8")), random),
    );
}

/** Plain stochastic gradient descent on the cross entropy; one sample a step, the rate falling to nothing. */
class Trainer {
  readonly vectors: Float32Array;
  readonly outputs: Float32Array;
  readonly #classes: number;
  readonly #mean = new Float32Array(SETTINGS.dimensions);
  readonly #back = new Float32Array(SETTINGS.dimensions);
  readonly #chances: Float64Array;

  constructor(classes: number, random: () => number) {
    const { buckets, dimensions } = SETTINGS;
    this.#classes = classes;
    this.#chances = new Float64Array(classes);
    this.vectors = Float32Array.from({ length: buckets * dimensions }, () => (random() - 0.5) / dimensions);
    this.outputs = new Float32Array(classes * (dimensions + 1));
  }

  /** @returns the loss of the sample before the step */
  step({ features, label }: Sample, rate: number): number {
    const { dimensions } = SETTINGS;
    this.#forward(features);
    const loss = -Math.log(Math.max(this.#chances[label]!, 1e-12));
    this.#back.fill(0);
    for (let at = 0; at < this.#classes; at++) {
      const slope = (Number(at === label) - this.#chances[at]!) * rate;
      const row = at * (dimensions + 1);
      for (let d = 0; d < dimensions; d++) {
        this.#back[d]! += slope * this.outputs[row + d]!;
        this.outputs[row + d]! += slope * this.#mean[d]!;
      }
      this.outputs[row + dimensions]! += slope * 0.1;
    }
    for (const bucket of features)
      for (let d = 0; d < dimensions; d++)
        this.vectors[bucket * dimensions + d]! += this.#back[d]! / Math.sqrt(features.length);
    return loss;
  }

  #forward(features: Uint16Array): void {
    const { dimensions } = SETTINGS;
    this.#mean.fill(0);
    for (const bucket of features)
      for (let d = 0; d < dimensions; d++)
        this.#mean[d]! += this.vectors[bucket * dimensions + d]! / features.length;
    let most = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < this.#classes; at++) {
      const row = at * (dimensions + 1);
      let score = this.outputs[row + dimensions]!;
      for (let d = 0; d < dimensions; d++) score += this.outputs[row + d]! * this.#mean[d]!;
      this.#chances[at] = score;
      most = Math.max(most, score);
    }
    let sum = 0;
    for (let at = 0; at < this.#classes; at++) sum += this.#chances[at] = Math.exp(this.#chances[at]! - most);
    for (let at = 0; at < this.#classes; at++) this.#chances[at]! /= sum;
  }
}

function train(): Weights {
  const { buckets, dimensions, epochs, rate, seed, version } = SETTINGS;
  const phrases = readPhrases();
  const classes = [...new Set(phrases.map(({ label }) => label))].sort();
  const samples = phrases.map(({ text, label }) => ({
    features: Uint16Array.from(bucketsOf(tokensOf(text), buckets)),
    label: classes.indexOf(label),
  }));
  const random = randomOf(seed + 1);
  const trainer = new Trainer(classes.length, random);
  const order = samples.flatMap(({ features }, at) => (features.length > 0 ? [at] : []));
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    let loss = 0;
    order.forEach((at, step) => {
      const done = (epoch + step / order.length) / epochs;
      loss += trainer.step(samples[at]!, rate * (1 - done));
    });
    console.log(`epoch ${epoch + 1}: loss ${(loss / order.length).toFixed(4)}`);
  }
  const scale = trainer.vectors.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
  return {
    version,
    buckets,
    dimensions,
    classes,
    scale,
    training: { ...SETTINGS, phrases: phrases.length },
    vectors: Int8Array.from(trainer.vectors, (value) => Math.round(value / scale)),
    outputs: trainer.outputs.map((value) => value / SETTINGS.temperature),
  };
}

function shuffle(values: number[], random: () => number): void {
  for (let at = values.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [values[at], values[other]] = [values[other]!, values[at]!];
  }
}

const file = packWeights(train());
writeFileSync(join(FOLDER, "goods-text.bin"), file);
console.log(`${file.length} bytes`);
