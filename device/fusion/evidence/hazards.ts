import { type ReasonCode, reasonForThreat, type ThreatClass } from "../../../protocols/vocabulary.ts";
import type { Case } from "../case.ts";
import { alarmThreshold, type Detection, roleOf } from "../detections.ts";
import { joinHazards, opinionLogOdds } from "../odds.ts";
import { type EvidenceRow, score } from "./row.ts";

/** How much an unclear declaration takes from the weight of goods it does not name: it might have meant them. */
const UNCLEAR_DISCOUNT = 0.7;

interface Hazard {
  readonly source: "image" | "declaration";
  readonly code: ReasonCode;
  /** What it adds alone, ≥ 0. */
  readonly alone: number;
  readonly detail: string;
}

/**
 * What the image shows: each alarm class by its best object (several of a class are one opinion), and goods that need
 * declaring where the declaration does not name them. Classes are different hazards, joined by noisy-or: each row holds
 * what its class adds to those above it, so that rows add up and a further class never lowers the score. An object below
 * the class's prevalence is no evidence of innocence: models report objects, not the absence of them.
 *
 * @returns the rows, and what the alarm classes alone make of the prior, as log-odds to add.
 */
export function hazardEvidence(subject: Case): { rows: readonly EvidenceRow[]; image: number } {
  const image = byWeight([...bestByClass(subject)].flatMap((best) => alarmHazard(best, subject) ?? []));
  const undeclared = byWeight(
    [...bestByClass(subject)].flatMap((best) => undeclaredHazard(best, subject) ?? []),
  );
  const { prior } = subject.input.settings;
  const rows: EvidenceRow[] = [];
  const joined: number[] = [];
  let before = 0;
  for (const { alone, ...hazard } of [...image, ...undeclared]) {
    joined.push(alone);
    const together = joinHazards(prior, joined);
    rows.push({
      source: hazard.source,
      code: hazard.code,
      logOdds: together - before,
      detail: hazard.detail,
    });
    before = together;
  }
  return { rows, image: image.length === 0 ? 0 : joinHazards(prior, joined.slice(0, image.length)) };
}

interface ClassOpinion {
  readonly class: ThreatClass;
  readonly best: Detection;
  readonly logOdds: number;
  readonly objects: number;
}

/** The strongest opinion of each class; detections come best first, models may differ in prevalence. */
function bestByClass(subject: Case): Iterable<ClassOpinion> {
  const best = new Map<string, ClassOpinion>();
  for (const detection of subject.detections) {
    const { score: probability, prevalence } = detection;
    const logOdds = opinionLogOdds({
      probability,
      prevalence,
      discount: subject.input.settings.discounts.image,
    });
    const known = best.get(detection.class);
    const objects = (known?.objects ?? 0) + 1;
    if (known === undefined || logOdds > known.logOdds)
      best.set(detection.class, { class: detection.class, best: detection, logOdds, objects });
    else best.set(detection.class, { ...known, objects });
  }
  return best.values();
}

function alarmHazard(opinion: ClassOpinion, { input: { settings } }: Case): Hazard | null {
  if (roleOf(opinion.class, settings) !== "alarm" || opinion.logOdds <= 0) return null;
  const threshold = alarmThreshold(opinion.best, settings);
  const others = opinion.objects > 1 ? `, ${opinion.objects} objects` : "";
  const detail = `the image shows what looks like: ${opinion.class} (score ${score(opinion.best.score)}, alarm from ${score(threshold)}${others})`;
  return { source: "image", code: reasonForThreat(opinion.class), alone: opinion.logOdds, detail };
}

function undeclaredHazard(opinion: ClassOpinion, { input: { settings }, goods }: Case): Hazard | null {
  if (roleOf(opinion.class, settings) !== "evidence" || opinion.logOdds <= 0) return null;
  // Without a declaration nothing is undeclared.
  if (goods === null || goods.accountsFor(opinion.class)) return null;
  const alone =
    Math.min(settings.weights.undeclared, opinion.logOdds) * (1 - UNCLEAR_DISCOUNT * goods.unclear);
  const code = opinion.class === "battery" ? "BATTERY_UNDECLARED" : reasonForThreat(opinion.class);
  const detail = `the image shows what looks like: ${opinion.class} (score ${score(opinion.best.score)}), and the declaration names none`;
  return { source: "declaration", code, alone, detail };
}

function byWeight(hazards: readonly Hazard[]): readonly Hazard[] {
  return hazards.toSorted((one, other) => other.alone - one.alone || (one.code < other.code ? -1 : 1));
}
