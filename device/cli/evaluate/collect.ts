import { noisyOr } from "../../fusion/odds.ts";
import { type DecodedScan, decodeScan } from "../../image/decode.ts";
import { MOST_OPAQUE } from "../../image/mass.ts";
import { analyseScan } from "../../inference/analyse.ts";
import type { LoadedModels } from "../../inference/models.ts";
import type { AnalysableScan } from "../../inference/planes.ts";
import { vectorOf } from "../../inference/vectors.ts";
import type { Analysis, LookedFor } from "../../scan.ts";
import type { Dataset, LabelledImage } from "./dataset.ts";
import { boxesOf, ClassTally } from "./detections.ts";
import type { LoadTally } from "./loads.ts";
import { MissList } from "./misses.ts";
import type { LookTally } from "./neighbours.ts";
import type { Papers } from "./papers.ts";
import { classChance, confusionOf, type GoodsTally, type ScanFind } from "./scans.ts";
import { fusedScore } from "./score.ts";

/** What a model says of one class in each scan: its surest detection, or what finding none stands for. */
export interface ClassScores {
  readonly prevalence: number;
  readonly scores: number[];
  readonly present: boolean[];
}

/** Everything that the figures are made of; per scan a few numbers, never an image. */
export interface Collected {
  readonly scans: number;
  readonly classes: ReadonlyMap<string, ClassTally>;
  readonly classScores: ReadonlyMap<string, ClassScores>;
  readonly finds: readonly ScanFind[];
  readonly fused: { readonly scores: number[]; readonly labels: boolean[]; readonly prior: number };
  readonly goods: readonly GoodsTally[];
  readonly loads: readonly LoadTally[];
  readonly looks: readonly LookTally[];
  readonly mass: { readonly errors: number[]; opaque: number };
  /** True class → claimed class → count. */
  readonly confusion: ReadonlyMap<string, ReadonlyMap<string, number>>;
  readonly misses: MissList;
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  readonly notAnalysed: number;
  /** Bare `session.run` of all models, ms a scan. */
  readonly milliseconds: readonly number[];
  readonly models: ReadonlyMap<string, Analysis["models"][number]>;
}

export interface CollectOptions {
  readonly dataset: Dataset;
  readonly papers: Papers;
  readonly models: LoadedModels;
  readonly prior: number;
  readonly onProgress: (done: number) => void;
}

/** Looks at every scan of a data set with the models as a gateway does, one at a time. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const collector = new Collector(options);
  for (const labelled of options.dataset.images) {
    await collector.take(labelled);
    options.onProgress(collector.seen);
  }
  return collector.result();
}

class Collector {
  readonly #options: CollectOptions;
  readonly #classes = new Map<string, ClassTally>();
  readonly #classScores = new Map<string, ClassScores>();
  readonly #finds: ScanFind[] = [];
  readonly #fused: Collected["fused"];
  readonly #goods: GoodsTally[] = [];
  readonly #loads: LoadTally[] = [];
  readonly #looks: LookTally[] = [];
  readonly #mass: Collected["mass"] = { errors: [], opaque: 0 };
  readonly #confusion = new Map<string, Map<string, number>>();
  readonly #misses = new MissList();
  readonly #unreadable: { name: string; reason: string }[] = [];
  readonly #milliseconds: number[] = [];
  readonly #models = new Map<string, Analysis["models"][number]>();
  #notAnalysed = 0;
  seen = 0;

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#fused = { scores: [], labels: [], prior: options.prior };
  }

  async take(labelled: LabelledImage): Promise<void> {
    this.seen++;
    let image: DecodedScan;
    try {
      image = await decodeScan(labelled.input);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#unreadable.push({ name: labelled.input.name, reason });
      return;
    }
    const analysis = await analyseScan(analysable(image, labelled), this.#options.models);
    this.#milliseconds.push(analysis.models.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
    for (const model of analysis.models) this.#models.set(model.name, model);
    if (!analysis.analysed) this.#notAnalysed++;
    this.#detections(labelled, analysis);
    this.#fuse(labelled, image, analysis);
    this.#weigh(labelled, analysis);
    const { groups, load } = labelled;
    if (groups !== null && analysis.contents.length > 0) {
      this.#goods.push({ truth: groups, claimed: new Map(analysis.contents.map((one) => [one.group, one])) });
    }
    if (load !== null)
      this.#loads.push({ name: labelled.input.name, truth: load, claimed: analysis.load ?? null });
    this.#look(labelled, analysis);
  }

  result(): Collected {
    return {
      scans: this.#finds.length,
      classes: this.#classes,
      classScores: this.#classScores,
      finds: this.#finds,
      fused: this.#fused,
      goods: this.#goods,
      loads: this.#loads,
      looks: this.#looks,
      mass: this.#mass,
      confusion: this.#confusion,
      misses: this.#misses,
      unreadable: this.#unreadable,
      notAnalysed: this.#notAnalysed,
      milliseconds: this.#milliseconds,
      models: this.#models,
    };
  }

  #detections(labelled: LabelledImage, { detections, lookedFor = [] }: Analysis): void {
    const number = this.#finds.length;
    const { targets } = labelled;
    // What a data set does not label cannot be judged right or wrong in it.
    const judged = detections.filter((one) => this.#options.dataset.classes.includes(one.class));
    const chances: number[] = [];
    for (const name of this.#options.dataset.classes) {
      const tally = this.#classes.get(name) ?? new ClassTally();
      this.#classes.set(name, tally);
      const own = targets.filter((target) => target.class === name);
      tally.add(number, boxesOf(judged, name), own);
      const searched = lookedFor.find((one) => one.class === name);
      const chance = classChance(name, judged, searched);
      chances.push(chance);
      if (searched !== undefined) this.#classScore(searched, chance, own.length > 0);
    }
    this.#finds.push({
      score: noisyOr(chances),
      visible: targets.some(({ tier }) => tier !== "hidden"),
      free: targets.length === 0,
    });
    for (const [truth, claimed] of confusionOf(labelled, judged)) {
      const row = this.#confusion.get(truth) ?? new Map<string, number>();
      this.#confusion.set(truth, row.set(claimed, (row.get(claimed) ?? 0) + 1));
    }
    this.#misses.take(labelled, judged);
  }

  #classScore({ class: name, prevalence }: LookedFor, score: number, present: boolean): void {
    const all = this.#classScores.get(name) ?? { prevalence, scores: [], present: [] };
    this.#classScores.set(name, all);
    all.scores.push(score);
    all.present.push(present);
  }

  #fuse(labelled: LabelledImage, image: DecodedScan, analysis: Analysis): void {
    const { papers, prior } = this.#options;
    const irregular = papers.irregular(labelled.scanId);
    if (irregular === null) return;
    this.#fused.labels.push(irregular);
    this.#fused.scores.push(
      fusedScore({ labelled, image, analysis }, papers.declarationsOf(labelled), prior),
    );
  }

  #look({ scanId, identifiers, groups }: LabelledImage, { embedding }: Analysis): void {
    if (embedding == null) return;
    const [kind = null] = [...(groups ?? [])].toSorted(([, a], [, b]) => b - a).map(([group]) => group);
    this.#looks.push({
      vector: vectorOf(embedding),
      space: embedding.sha256,
      scanId,
      item: identifiers.length === 0 ? null : itemOf(identifiers),
      kind,
    });
  }

  #weigh({ massKg }: LabelledImage, { xrayMass }: Analysis): void {
    if (massKg === null || !(massKg > 0) || xrayMass == null) return;
    if (xrayMass.opaqueShare > MOST_OPAQUE) this.#mass.opaque++;
    else this.#mass.errors.push(xrayMass.kg / massKg - 1);
  }
}

const itemOf = (identifiers: LabelledImage["identifiers"]) =>
  identifiers
    .map(({ scheme, value }) => `${scheme} ${value}`)
    .sort()
    .join(", ");

/** A decoded image as the models take it; the data set's own pitch goes before that of a sidecar. */
export function analysable(
  image: DecodedScan,
  { pixelPitchMm }: Pick<LabelledImage, "pixelPitchMm">,
): AnalysableScan {
  const { kind, width, height, low, high, single, rgb, sidecar, marked } = image;
  const view = {
    view: 0,
    width,
    height,
    pixelPitchMm: pixelPitchMm ?? sidecar.pixelPitchMm ?? null,
    ...(low && { low }),
    ...(high && { high }),
    ...(single && { single }),
    ...(rgb && { rgb }),
  };
  return { kind, views: [view], airLevel: sidecar.airLevel ?? null, marked };
}
