import type { Analysis, LookedFor } from "../../scan.ts";
import type { LabelledImage } from "./dataset.ts";
import { overlapOf } from "./detections.ts";
import {
  brier,
  calibrationError,
  type Interval,
  quantile,
  type ReliabilityBin,
  reliability,
  rocArea,
} from "./statistics.ts";

/** Share of visible scans that are found, at which false alarms are counted. */
const DETECTED = 0.9;
/** Smallest share of the mass from which a goods group counts as there (as in training). */
const GROUP_FROM = 0.03;

/** What a scan is said to hold, and what it holds. */
export interface ScanFind {
  /** Chance that it holds a target of any class: noisy-or over the classes' calibrated scores. */
  readonly score: number;
  /** Holds an object that is clear or partial; holds none at all. */
  readonly visible: boolean;
  readonly free: boolean;
}

/** Chance that a scan holds the class: its surest detection, or what finding none stands for. */
export function classChance(
  name: string,
  detections: Analysis["detections"],
  searched: LookedFor | undefined,
): number {
  const own = detections.filter((one) => one.class === name).map(({ score }) => score);
  return Math.max(searched?.absent ?? 0, ...own);
}

export interface AlarmFigures {
  readonly scans: number;
  readonly free: number;
  readonly auc: number | null;
  /** Share of target-free scans that score as high as the score that finds 90 % of the visible ones. */
  readonly falseAlarmsAt90: number | null;
}

/** Scan level: any target against none. `times`: how often each scan counts. */
export function alarmFigures(finds: readonly ScanFind[], times?: Uint16Array): AlarmFigures {
  const drawn = times ? finds.flatMap((find, at) => new Array<ScanFind>(times[at]!).fill(find)) : finds;
  const held = drawn.filter(({ visible }) => visible).map(({ score }) => score);
  const free = drawn.filter((find) => find.free).map(({ score }) => score);
  const limit = quantile(
    held.toSorted((a, b) => a - b),
    1 - DETECTED,
  );
  const raised = limit === null ? 0 : free.filter((score) => score >= limit).length;
  const labels = [...held.map(() => true), ...free.map(() => false)];
  return {
    scans: drawn.length,
    free: free.length,
    auc: rocArea([...held, ...free], labels),
    falseAlarmsAt90: limit === null || free.length === 0 ? null : raised / free.length,
  };
}

/** The fused score against what a full examination found. */
export interface FusedFigures {
  readonly examined: number;
  readonly irregular: number;
  readonly auc: number | null;
  readonly aucInterval: Interval | null;
  readonly brier: number | null;
  readonly ece: number | null;
  readonly reliability: readonly ReliabilityBin[];
}

export function fusedFigures(
  scores: readonly number[],
  labels: readonly boolean[],
): Omit<FusedFigures, "aucInterval"> {
  const bins = reliability(scores, labels);
  return {
    examined: scores.length,
    irregular: labels.filter(Boolean).length,
    auc: rocArea(scores, labels),
    brier: brier(scores, labels),
    ece: calibrationError(bins),
    reliability: bins,
  };
}

/** Goods groups of one scan: claimed and true. */
export interface GoodsTally {
  readonly claimed: ReadonlyMap<string, { readonly score: number; readonly share: number | null }>;
  readonly truth: ReadonlyMap<string, number>;
}

export interface GoodsFigures {
  readonly scans: number;
  readonly macroF1: number | null;
  /** Mean absolute error of the shares over scans and groups. */
  readonly shareError: number | null;
  readonly groups: readonly { readonly group: string; readonly scans: number; readonly f1: number }[];
}

/** Groups that the model knows; a group counts as claimed from its threshold (0.5 where the package says nothing). */
export function goodsFigures(
  tallies: readonly GoodsTally[],
  thresholds: ReadonlyMap<string, number>,
  times?: Uint16Array,
): GoodsFigures {
  const names = [...new Set(tallies.flatMap(({ claimed }) => [...claimed.keys()]))].sort();
  let errors = 0;
  let compared = 0;
  const groups = names.map((group) => {
    const counts = { there: 0, claimed: 0, right: 0 };
    for (const [at, { claimed, truth }] of tallies.entries()) {
      const weight = times?.[at] ?? 1;
      const share = truth.get(group) ?? 0;
      const found = claimed.get(group);
      const there = share > GROUP_FROM;
      const said = (found?.score ?? 0) >= (thresholds.get(group) ?? 0.5);
      counts.there += there ? weight : 0;
      counts.claimed += said ? weight : 0;
      counts.right += there && said ? weight : 0;
      if (found?.share == null) continue;
      errors += weight * Math.abs(found.share - share);
      compared += weight;
    }
    const { there, claimed, right } = counts;
    return { group, scans: there, f1: there + claimed === 0 ? 0 : (2 * right) / (there + claimed) };
  });
  const present = groups.filter(({ scans }) => scans > 0);
  return {
    scans: tallies.length,
    macroF1: present.length === 0 ? null : present.reduce((sum, { f1 }) => sum + f1, 0) / present.length,
    shareError: compared === 0 ? null : errors / compared,
    groups: present,
  };
}

/** Which class the surest alarm on an object was; `none`: not found, or nothing there. */
export const NONE = "none";

/** Counts true → claimed class of one scan: objects that are clear or partial, and boxes where nothing is. */
export function confusionOf(
  image: LabelledImage,
  detections: Analysis["detections"],
): readonly (readonly [string, string])[] {
  const alarms = detections
    .filter(({ score, threshold }) => score >= threshold)
    .flatMap(({ boxes, class: name, score }) => boxes.map((box) => ({ box, name, score })))
    .sort((a, b) => b.score - a.score);
  const found = image.targets
    .filter(({ tier }) => tier !== "hidden")
    .map((target) => {
      const alarm = alarms.find(({ box }) => overlapOf(box, target) >= 0.5);
      return [target.class, alarm?.name ?? NONE] as const;
    });
  const wrong = alarms
    .filter(({ box }) => image.targets.every((target) => overlapOf(box, target) < 0.5))
    .map(({ name }) => [NONE, name] as const);
  return [...found, ...wrong];
}
