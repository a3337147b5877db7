import { bootstrap, brier, type Interval, rocArea } from "../cli/evaluate/statistics.ts";
import { type CalibrationBin, calibrationErrorOf, equalBins, type Judged } from "../evaluation/figures.ts";
import { type Drift, divide, driftOf, isOff, type ShareDrift, shareDrift, Z_LIMIT } from "./drift.ts";
import { type Claim, claimOf, type JudgedHit, type Rate, rate } from "./judged.ts";
import { type AtShare, type Ranking, rankingOf, recallOf } from "./ranking.ts";

/** Rounds of the bootstrap: fewer the more examinations each draws, since intervals are then the surer. */
const ROUNDS = { most: 200, least: 40, drawn: 100_000 } as const;
/** Full examinations from which intervals are given. */
const LEAST_FOR_INTERVALS = 30;
/** Reasons, sources and models listed: those with most items. */
export const MAX_LISTED = 64;

/** How good the probabilities of fully examined items are. */
export interface Calibrated {
  readonly claim: Claim;
  readonly auc: number | null;
  readonly brier: number | null;
  /** Brier score of always claiming the share that was found: what a useful score is below. */
  readonly brierReference: number | null;
  readonly ece: number | null;
  readonly intervals: Readonly<Record<"auc" | "brier" | "ece", Interval | null>>;
  readonly bins: readonly CalibrationBin[];
}

/** A part of the hits: those with a reason, a source of evidence or a model. */
export interface PartFigures {
  readonly name: string;
  readonly items: number;
  readonly alarms: number;
  readonly precision: Rate;
  /** Share of all irregular items that is in this part; null: not known. */
  readonly recall: number | null;
  readonly claim: Claim;
  readonly ece: number | null;
  readonly drift: Drift;
  readonly share: ShareDrift;
  /** Plain English, empty where nothing is off. */
  readonly findings: readonly string[];
}

export interface ModelFigures extends PartFigures {
  readonly auc: number | null;
  readonly brier: number | null;
  /** Precision and recall of the best scores among the scans that the model looked at. */
  readonly at: readonly AtShare[];
}

/** Outcomes against scores over a period. */
export interface Performance {
  /** ms since the epoch, `to` excluded. */
  readonly from: number;
  readonly to: number;
  readonly hits: number;
  readonly outcomes: {
    readonly confirmed: number;
    readonly refuted: number;
    readonly partial: number;
    /** Of all, those of full examinations. */
    readonly full: number;
    readonly unknownScan: number;
  };
  readonly ranking: Ranking;
  readonly calibration: Calibrated;
  readonly reasons: readonly PartFigures[];
  readonly sources: readonly PartFigures[];
  readonly models: readonly ModelFigures[];
  readonly drift: Drift;
}

export interface PerformanceOptions {
  readonly from: number;
  readonly to: number;
  readonly unknownScan: number;
  /** Seed of the bootstrap: the same hits give the same intervals. */
  readonly seed?: number;
  /** Rounds of the bootstrap; 0: no intervals. Absent: as many as the examinations allow. */
  readonly rounds?: number;
}

/** The figures of hits, oldest first; which of them count (real or synthetic, which lane) is the caller's choice. */
export function performanceOf(hits: readonly JudgedHit[], options: PerformanceOptions): Performance {
  const { from, to, unknownScan, seed = 1, rounds } = options;
  const sides = divide(hits, options);
  const part = partsOf(hits, sides);
  const results = hits.flatMap(({ finding }) => (finding === null ? [] : [finding]));
  const count = (result: string) => results.filter((one) => one.result === result).length;
  return {
    from,
    to,
    hits: hits.length,
    outcomes: {
      confirmed: count("confirmed"),
      refuted: count("refuted"),
      partial: count("partial"),
      full: results.filter(({ examination }) => examination === "full").length,
      unknownScan,
    },
    ranking: rankingOf(hits),
    calibration: calibratedOf(hits, seed, rounds),
    reasons: part(({ reasons }) => reasons),
    // What accuses: a source that speaks for an item says nothing of what would be found.
    sources: part(({ evidence }) => evidence.flatMap(([source, value]) => (value > 0 ? [source] : []))),
    models: part(({ models }) => models).map((figures) => modelFigures(figures, hits)),
    drift: driftOf(sides.before, sides.recent),
  };
}

type Sides = ReturnType<typeof divide>;

function judgedOf(hits: readonly JudgedHit[]): Judged {
  const examined = hits.filter(({ irregular }) => irregular !== null);
  return {
    scores: examined.map(({ probability }) => probability),
    labels: examined.map(({ irregular }) => irregular === true),
  };
}

function calibratedOf(hits: readonly JudgedHit[], seed: number, most?: number): Calibrated {
  const judged = judgedOf(hits);
  const { scores, labels } = judged;
  const share = labels.filter(Boolean).length / Math.max(1, labels.length);
  const affordable = Math.max(ROUNDS.least, ROUNDS.drawn / Math.max(1, scores.length));
  const rounds = most ?? Math.round(Math.min(ROUNDS.most, affordable));
  const interval = (figure: (one: Judged) => number | null) =>
    scores.length < LEAST_FOR_INTERVALS || rounds === 0
      ? null
      : bootstrap({ scans: scores.length, rounds, seed }, (times) => figure(drawn(judged, times)));
  const auc = (one: Judged) => rocArea(one.scores, one.labels);
  const loss = (one: Judged) => brier(one.scores, one.labels);
  return {
    claim: claimOf(hits),
    auc: auc(judged),
    brier: loss(judged),
    brierReference: labels.length === 0 ? null : share * (1 - share),
    ece: calibrationErrorOf(judged),
    intervals: { auc: interval(auc), brier: interval(loss), ece: interval(calibrationErrorOf) },
    bins: equalBins(judged),
  };
}

function drawn({ scores, labels }: Judged, times: Uint16Array): Judged {
  const at = [...times].flatMap((count, index) => new Array<number>(count).fill(index));
  return { scores: at.map((index) => scores[index]!), labels: at.map((index) => labels[index]!) };
}

/** Figures by name, those with most items first; a hit counts once under each of its names. */
function partsOf(hits: readonly JudgedHit[], { before, recent }: Sides) {
  return (namesOf: (hit: JudgedHit) => readonly string[]): readonly PartFigures[] => {
    const old = new Set(before);
    const recall = recallOf(hits);
    const groups = new Map<string, JudgedHit[]>();
    for (const hit of hits) {
      for (const name of new Set(namesOf(hit))) {
        const group = groups.get(name);
        if (group === undefined) groups.set(name, [hit]);
        else group.push(hit);
      }
    }
    return [...groups]
      .toSorted(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
      .slice(0, MAX_LISTED)
      .map(([name, own]) => {
        const { was = [], is = [] } = Object.groupBy(own, (hit) => (old.has(hit) ? "was" : "is"));
        const share = shareDrift(
          { count: was.length, of: before.length },
          { count: is.length, of: recent.length },
        );
        return partFigures(name, own, { share, drift: driftOf(was, is), recall: recall(new Set(own)) });
      });
  };
}

function partFigures(
  name: string,
  hits: readonly JudgedHit[],
  { share, drift, recall }: Pick<PartFigures, "share" | "drift" | "recall">,
): PartFigures {
  const claim = claimOf(hits);
  return {
    name,
    items: hits.length,
    alarms: hits.filter(({ decision }) => decision === "ALARM").length,
    precision: rate(claim.irregular, claim.examined),
    recall,
    claim,
    ece: calibrationErrorOf(judgedOf(hits)),
    drift,
    share,
    findings: [...claimFindings(claim), ...shareFindings(share)],
  };
}

/** Says so where what was found is not what was claimed. */
export function claimFindings(claim: Claim): readonly string[] {
  if (!isOff(claim)) return [];
  const word = claim.irregular > claim.expected ? "claims too little" : "claims too much";
  return [`${word}: ${claim.irregular} found, ${claim.expected.toFixed(1)} expected`];
}

function shareFindings({ before, recent, z }: ShareDrift): readonly string[] {
  if (z === null || Math.abs(z) < Z_LIMIT) return [];
  const percent = (value: number | null) => `${((value ?? 0) * 100).toFixed(1)} %`;
  return [
    `${z > 0 ? "more" : "less"} often than before: ${percent(recent)} of the items, was ${percent(before)}`,
  ];
}

function modelFigures(figures: PartFigures, hits: readonly JudgedHit[]): ModelFigures {
  const own = hits.filter(({ models }) => models.includes(figures.name));
  const judged = judgedOf(own);
  return {
    ...figures,
    auc: rocArea(judged.scores, judged.labels),
    brier: brier(judged.scores, judged.labels),
    at: rankingOf(own).at,
  };
}
