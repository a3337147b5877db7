import type { Collected } from "./collect.ts";
import type { Dataset } from "./dataset.ts";
import { type ClassTally, SETTINGS, type Setting } from "./detections.ts";
import { type LoadFigures, loadFigures } from "./loads.ts";
import { type NeighbourFigures, neighbourFigures } from "./neighbours.ts";
import {
  type AlarmFigures,
  alarmFigures,
  type FusedFigures,
  fusedFigures,
  type GoodsFigures,
  goodsFigures,
} from "./scans.ts";
import {
  bootstrap,
  calibrationError,
  type Interval,
  quantile,
  type ReliabilityBin,
  reliability,
  rocArea,
} from "./statistics.ts";

/** False alarms a scan at which recall is given. */
const FALSE_ALARMS = [0.1, 0.25, 0.5, 1] as const;
/** Rounds of a bootstrap: fewer where a round costs more than this many boxes, never under the least. */
const ROUNDS = { most: 400, least: 20, boxes: 20_000_000 } as const;

export interface ClassFigures {
  readonly class: string;
  readonly objects: Readonly<Record<Setting, number>>;
  readonly ap50: Readonly<Record<Setting, number | null>>;
  readonly interval: Interval | null;
}

export interface Evaluation {
  readonly scans: number;
  readonly unreadable: number;
  readonly notAnalysed: number;
  readonly notes: readonly string[];
  readonly models: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
  readonly milliseconds: { readonly p50: number | null; readonly p95: number | null };
  readonly classes: readonly ClassFigures[];
  readonly map50: Readonly<Record<Setting, number | null>>;
  readonly map50Interval: Interval | null;
  readonly recall: readonly { readonly falseAlarmsPerScan: number; readonly recall: number | null }[];
  readonly alarms: AlarmFigures & { readonly falseAlarmsAt90Interval: Interval | null };
  /** Scores of the classes against what the scans hold, at this data set's prevalence. */
  readonly calibration: { readonly ece: number | null; readonly reliability: readonly ReliabilityBin[] };
  readonly fused: (FusedFigures & { readonly prior: number; readonly declarations: number }) | null;
  readonly goods: (GoodsFigures & { readonly macroF1Interval: Interval | null }) | null;
  /** Empty, part-loaded, loaded and the profile; null where the data set says nothing of loads. */
  readonly load: (LoadFigures & { readonly balancedAccuracyInterval: Interval | null }) | null;
  /** Scans found again by how they look; null where no model gives a vector. */
  readonly similar: NeighbourFigures | null;
  /** Relative errors of the mass by X-ray where nothing is opaque. */
  readonly mass: {
    readonly weighed: number;
    readonly opaque: number;
    readonly medianError: number | null;
    readonly bias: number | null;
  } | null;
  readonly confusion: readonly { readonly truth: string; readonly claimed: string; readonly count: number }[];
}

export interface FiguresOptions {
  readonly collected: Collected;
  readonly dataset: Dataset;
  readonly declarations: number;
  readonly thresholds: ReadonlyMap<string, number>;
  readonly seed: number;
}

/** The figures of what was collected. */
export function figuresOf(options: FiguresOptions): Evaluation {
  const { collected, dataset, seed } = options;
  const { scans, finds, classes } = collected;
  const tallies = [...classes.values()];
  const boxes = tallies.reduce((sum, { size }) => sum + size, 0);
  const rounds = Math.round(Math.min(ROUNDS.most, Math.max(ROUNDS.least, ROUNDS.boxes / Math.max(1, boxes))));
  const over = (statistic: (times: Uint16Array) => number | null) =>
    bootstrap({ scans, rounds, seed }, statistic);
  const times = collected.milliseconds.toSorted((a, b) => a - b);
  return {
    scans,
    unreadable: collected.unreadable.length,
    notAnalysed: collected.notAnalysed,
    notes: notesOf(options),
    models: [...collected.models.values()].map(({ name, version, sha256 }) => ({ name, version, sha256 })),
    milliseconds: { p50: quantile(times, 0.5), p95: quantile(times, 0.95) },
    classes: [...classes].map(([name, tally]) => ({
      class: name,
      objects: bySetting((setting) => tally.positives(setting)),
      ap50: bySetting((setting) => tally.averagePrecision(setting)),
      interval: over((drawn) => tally.averagePrecision("visible", drawn)),
    })),
    map50: bySetting((setting) => mean(tallies.map((tally) => tally.averagePrecision(setting)))),
    map50Interval: over((drawn) => mean(tallies.map((tally) => tally.averagePrecision("visible", drawn)))),
    recall: recallAt(tallies, scans),
    alarms: {
      ...alarmFigures(finds),
      falseAlarmsAt90Interval: over((drawn) => alarmFigures(finds, drawn).falseAlarmsAt90),
    },
    calibration: calibrationOf(collected),
    fused: fusedOf(options),
    goods: goodsOf(options),
    load: loadOf(),
    similar: neighbourFigures(collected.looks, (found) =>
      bootstrap({ scans: found.length, rounds, seed }, (drawn) =>
        mean(found.flatMap((one, at) => new Array<number>(drawn[at]!).fill(one ? 1 : 0))),
      ),
    ),
    mass: massOf(collected),
    confusion: [...collected.confusion].flatMap(([truth, row]) =>
      [...row].map(([claimed, count]) => ({ truth, claimed, count })),
    ),
  };

  function goodsOf({ thresholds }: FiguresOptions): Evaluation["goods"] {
    const { goods } = collected;
    if (goods.length === 0) return null;
    const interval = bootstrap(
      { scans: goods.length, rounds: Math.min(rounds, 100), seed },
      (drawn) => goodsFigures(goods, thresholds, drawn).macroF1,
    );
    return { ...goodsFigures(goods, thresholds), macroF1Interval: interval };
  }

  function loadOf(): Evaluation["load"] {
    const { loads } = collected;
    if (loads.length === 0) return null;
    const interval = bootstrap(
      { scans: loads.length, rounds, seed },
      (drawn) => loadFigures(loads, drawn).balancedAccuracy,
    );
    return { ...loadFigures(loads), balancedAccuracyInterval: interval };
  }

  function fusedOf({ declarations }: FiguresOptions): Evaluation["fused"] {
    const { scores, labels, prior } = collected.fused;
    if (scores.length === 0) return null;
    const aucInterval = bootstrap({ scans: scores.length, rounds, seed }, (drawn) => {
      const picks = scores.flatMap((_, at) => new Array<number>(drawn[at]!).fill(at));
      return rocArea(
        picks.map((at) => scores[at]!),
        picks.map((at) => labels[at]!),
      );
    });
    return { ...fusedFigures(scores, labels), aucInterval, prior, declarations };
  }

  function notesOf({ collected: { unreadable, notAnalysed } }: FiguresOptions): readonly string[] {
    const { unknownCategories, tiers } = dataset;
    return [
      ...(unknownCategories.length === 0
        ? []
        : [`categories left out, not of the contract: ${unknownCategories.join(", ")}`]),
      ...(tiers ? [] : ["the annotations say nothing of visibility: every object counts as clear"]),
      ...unreadable.slice(0, 10).map(({ name, reason }) => `${name} could not be read: ${reason}`),
      ...(notAnalysed === 0
        ? []
        : [`no model looked at ${notAnalysed} scans: all their objects count as missed`]),
    ];
  }
}

function bySetting<T>(value: (setting: Setting) => T): Readonly<Record<Setting, T>> {
  return Object.fromEntries(SETTINGS.map((setting) => [setting, value(setting)])) as Record<Setting, T>;
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Share of the visible objects that are found before so many false alarms a scan, over all classes by their scores. */
function recallAt(tallies: readonly ClassTally[], scans: number): Evaluation["recall"] {
  const all = tallies.map((tally) => tally.ranked("visible"));
  const positives = all.reduce((sum, ranked) => sum + ranked.positives, 0);
  const finds = all
    .flatMap(({ hits, scores }) => hits.map((hit, at) => ({ hit, score: scores[at]! })))
    .sort((a, b) => b.score - a.score);
  return FALSE_ALARMS.map((falseAlarmsPerScan) => {
    let wrong = 0;
    let right = 0;
    for (const { hit } of finds) {
      if (!hit && ++wrong > falseAlarmsPerScan * scans) break;
      right += hit ? 1 : 0;
    }
    return { falseAlarmsPerScan, recall: positives === 0 ? null : right / positives };
  });
}

/** Scores moved from the package's prevalence to that of the data set, all classes together. */
function calibrationOf({ classScores }: Collected): Evaluation["calibration"] {
  const scores: number[] = [];
  const labels: boolean[] = [];
  for (const { prevalence, scores: own, present } of classScores.values()) {
    const share = present.filter(Boolean).length / present.length;
    const here = Math.min(0.999, Math.max(0.001, share));
    const factor = (((1 - prevalence) / prevalence) * here) / (1 - here);
    for (const [at, score] of own.entries()) {
      const held = Math.min(1 - 1e-6, Math.max(1e-6, score));
      const odds = (held / (1 - held)) * factor;
      scores.push(odds / (1 + odds));
      labels.push(present[at]!);
    }
  }
  const bins = reliability(scores, labels);
  return { ece: calibrationError(bins), reliability: bins };
}

function massOf({ mass: { errors, opaque } }: Collected): Evaluation["mass"] {
  if (errors.length + opaque === 0) return null;
  const sorted = errors.toSorted((a, b) => a - b);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  return { weighed: errors.length, opaque, medianError: quantile(sizes, 0.5), bias: quantile(sorted, 0.5) };
}
