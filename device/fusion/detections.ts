import { THREAT_CLASSES, type ThreatClass } from "../../protocols/vocabulary.ts";
import type { Analysis } from "../scan.ts";
import type { ClassRole, FloorEntry, FusionSettings } from "./input.ts";

/** A detection whose class the contract knows and whose numbers are sound. */
export type Detection = Omit<Analysis["detections"][number], "class"> & { readonly class: ThreatClass };

const CLASSES: ReadonlySet<string> = new Set(THREAT_CLASSES);

/**
 * The detections that can be reported, best first, in an order that does not depend on the model's. A score that is no
 * number, or a class outside the contract, is a fault of the model: `faulty` counts them.
 */
export function soundDetections(analysis: Analysis | null): { sound: readonly Detection[]; faulty: number } {
  const all = analysis?.detections ?? [];
  const sound = all.flatMap((one) => soundDetection(one) ?? []).sort(compareDetections);
  return { sound, faulty: all.length - sound.length };
}

function soundDetection(one: Analysis["detections"][number]): Detection | null {
  const { score, threshold, prevalence } = one;
  if (!CLASSES.has(one.class) || ![score, threshold, prevalence].every((value) => value >= 0 && value <= 1))
    return null;
  const inPlane = one.boxes.filter((box) => box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0);
  const boxes = inPlane.filter((box, at) => inPlane.findIndex((other) => other.view === box.view) === at);
  return { ...one, class: one.class as ThreatClass, boxes };
}

function compareDetections(one: Detection, other: Detection): number {
  if (one.score !== other.score) return other.score - one.score;
  const [left, right] = [one, other].map(({ class: name, model, threshold, boxes }) =>
    JSON.stringify([
      name,
      model,
      threshold,
      boxes.map(({ view, x, y, width, height }) => [view, x, y, width, height]),
    ]),
  ) as [string, string];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** The score from which a detection says `alarm`: the profile's for the class, else the model's. */
export function alarmThreshold(detection: Detection, settings: FusionSettings): number {
  return settings.thresholds[detection.class] ?? detection.threshold;
}

/** What the profile makes of a class; one it does not name is an alarm. */
export function roleOf(threatClass: string, settings: FusionSettings): ClassRole {
  return settings.roles[threatClass] ?? "alarm";
}

/**
 * The safety floor (`mqtt.md`, Score): classes that their package certifies, at the package's threshold, or that the
 * settings name, together with floors held from the revision before. Nothing else a score is made of enters here, so that
 * no declaration can silence it. Highest score first.
 */
export function safetyFloor(
  detections: readonly Detection[],
  settings: FusionSettings,
  held: readonly FloorEntry[],
): readonly FloorEntry[] {
  const reached = detections.flatMap(({ class: name, score, threshold, certified }): FloorEntry[] => {
    const limits = [settings.floor[name], certified ? threshold : undefined].filter(
      (limit) => limit !== undefined,
    );
    const limit = Math.min(...limits);
    return limits.length > 0 && score >= limit ? [{ class: name, score, threshold: limit }] : [];
  });
  const best = new Map<string, FloorEntry>();
  for (const entry of [...reached, ...held.filter((one) => CLASSES.has(one.class))]) {
    const known = best.get(entry.class);
    if (known === undefined || known.score < entry.score) best.set(entry.class, entry);
  }
  return [...best.values()].sort(
    (one, other) => other.score - one.score || (one.class < other.class ? -1 : 1),
  );
}
