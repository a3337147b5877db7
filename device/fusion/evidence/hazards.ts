import {
  type ReasonCode,
  reasonForThreat,
  THREAT_CLASSES,
  type ThreatClass,
} from "../../../protocols/vocabulary.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { alarmThreshold, type Detection, roleOf } from "../detections.ts";
import type { FusionSettings } from "../input.ts";
import { type Hazard, joinHazards, opinionLogOdds } from "../odds.ts";
import { hazardPrior } from "../settings.ts";
import { type EvidenceRow, score } from "./row.ts";

/** How much an unclear declaration takes from the weight of goods it does not name: it might have meant them. */
const UNCLEAR_DISCOUNT = 0.7;

interface ImageHazard extends Hazard {
  readonly source: "image" | "declaration";
  readonly code: ReasonCode;
  readonly detail: string;
}

/**
 * What the image shows: each alarm class, and goods that need declaring where the declaration does not name them. A class
 * speaks by its best object (several are one opinion), or by finding none where the analysis says that it was looked for.
 * Classes are different hazards, joined by noisy-or: each row holds what its class changes beside those above it, so that
 * rows add up.
 *
 * @returns the rows, and what the alarm classes alone make of the prior, as log-odds to add.
 */
export function hazardEvidence(subject: Case): { rows: readonly EvidenceRow[]; image: number } {
  const opinions = opinionsOf(subject);
  const image = byWeight(opinions.flatMap((opinion) => alarmHazard(opinion, subject) ?? []));
  const undeclared = byWeight(opinions.flatMap((opinion) => undeclaredHazard(opinion, subject) ?? []));
  const { prior } = subject.input.settings;
  const hazards = [...image, ...undeclared];
  const upTo = (count: number) => (count === 0 ? 0 : joinHazards(prior, hazards.slice(0, count)));
  const rows = hazards.map(
    ({ source, code, detail }, at): EvidenceRow => ({
      source,
      code,
      logOdds: upTo(at + 1) - upTo(at),
      detail,
    }),
  );
  return { rows, image: upTo(image.length) };
}

function opinionsOf(subject: Case): readonly ClassOpinion[] {
  return THREAT_CLASSES.flatMap((name) => opinionOf(name, subject) ?? []);
}

/** One class as the hazards are made of it: `factor` × min(`cap`, calibrated `logOdds`). */
export interface HazardTerm {
  readonly class: ThreatClass;
  /** Before calibration. */
  readonly logOdds: number;
  readonly cap: number;
  readonly factor: number;
}

/** The terms of a case whose settings are uncalibrated: what a calibration of the image is fitted on. */
export function hazardTerms(subject: Case): readonly HazardTerm[] {
  return opinionsOf(subject).flatMap(({ class: name, logOdds }) => {
    const limits = limitsOf(name, subject);
    return limits === null ? [] : [{ class: name, logOdds, ...limits }];
  });
}

/** How far a class may speak; null where it may not: goods that need declaring, and nothing is undeclared. */
function limitsOf(
  name: ThreatClass,
  { input: { settings }, goods }: Case,
): { readonly cap: number; readonly factor: number } | null {
  if (roleOf(name, settings) === "alarm") return { cap: Number.POSITIVE_INFINITY, factor: 1 };
  // Without a declaration nothing is undeclared.
  if (goods === null || goods.accountsFor(name)) return null;
  return { cap: settings.weights.undeclared, factor: 1 - UNCLEAR_DISCOUNT * goods.unclear };
}

interface ClassOpinion {
  readonly class: ThreatClass;
  /** null: looked for, nothing found. */
  readonly best: Detection | null;
  readonly logOdds: number;
  readonly objects: number;
}

/**
 * What the analysis thinks of a class; null where nothing. Finding none, or only weak objects, is evidence of innocence no
 * further than the model's own word on scans without a find: a model that does not say what it looks for has none.
 */
function opinionOf(name: ThreatClass, { detections, analysed, input }: Case): ClassOpinion | null {
  const discount = input.settings.discounts.image;
  const objects = detections.filter((one) => one.class === name);
  let found: { best: Detection | null; logOdds: number } | null = null;
  for (const best of objects) {
    const logOdds = opinionLogOdds({ probability: best.score, prevalence: best.prevalence, discount });
    if (found === null || logOdds > found.logOdds) found = { best, logOdds };
  }
  const absences = (analysed ? (input.analysis?.lookedFor ?? []) : [])
    .filter(
      (one) => one.class === name && one.absent >= 0 && one.absent <= one.prevalence && one.prevalence < 1,
    )
    .map((one) => opinionLogOdds({ probability: one.absent, prevalence: one.prevalence, discount }));
  const least = absences.length === 0 ? 0 : Math.max(...absences);
  const { settings } = input;
  if (found !== null && found.logOdds > least) {
    const logOdds = asSeen(found.logOdds, settings);
    return { class: name, best: found.best, logOdds, objects: objects.length };
  }
  return least < 0 ? { class: name, best: null, logOdds: asSeen(least, settings), objects: 0 } : null;
}

/** The calibrated word on a class. An object that accuses never ends as an excuse: a class that nobody looked for has none. */
function asSeen(logOdds: number, settings: FusionSettings): number {
  const value = calibrated(settings, "image", logOdds);
  return logOdds > 0 ? Math.max(0, value) : value;
}

function alarmHazard(opinion: ClassOpinion, { input: { settings } }: Case): ImageHazard | null {
  if (roleOf(opinion.class, settings) !== "alarm") return null;
  const { class: name, logOdds, best, objects } = opinion;
  const others = objects > 1 ? `, ${objects} objects` : "";
  const detail =
    best === null
      ? noneFound(name)
      : `${seen(best, settings)} ${name} (score ${score(best.score)}, alarm from ${score(alarmThreshold(best, settings))}${others})`;
  return {
    source: "image",
    code: reasonForThreat(name),
    prior: hazardPrior(name, settings),
    logOdds,
    detail,
  };
}

function undeclaredHazard(opinion: ClassOpinion, subject: Case): ImageHazard | null {
  const { settings } = subject.input;
  const { class: name, best } = opinion;
  const limits = limitsOf(name, subject);
  if (roleOf(name, settings) !== "evidence" || limits === null) return null;
  const logOdds = Math.min(limits.cap, opinion.logOdds) * limits.factor;
  const code = name === "battery" ? "BATTERY_UNDECLARED" : reasonForThreat(name);
  const detail =
    best === null
      ? noneFound(name)
      : `${seen(best, settings)} ${name} (score ${score(best.score)}), and the declaration names none`;
  return { source: "declaration", code, prior: hazardPrior(name, settings), logOdds, detail };
}

/** Below its threshold an object is a weak sign, and said to be no more. */
function seen(best: Detection, settings: FusionSettings): string {
  return best.score >= alarmThreshold(best, settings)
    ? "the image shows what looks like:"
    : "the image shows weak signs of";
}

function noneFound(name: ThreatClass): string {
  return `looked for, nothing found that looks like: ${name}`;
}

/** Strongest first. */
function byWeight(hazards: readonly ImageHazard[]): readonly ImageHazard[] {
  return hazards.toSorted((one, other) => other.logOdds - one.logOdds || (one.code < other.code ? -1 : 1));
}
