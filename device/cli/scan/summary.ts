import type { Hit } from "../../../protocols/mqtt/hit.ts";

/** Reasons and detections named in a summary line. */
const NAMED = 3;

/** One scan in a line for people: what was decided, how sure, and why. */
export function summaryLine(name: string, hit: Hit): string {
  const { decision, recommendation, score } = hit;
  const percent = `${(score.probability * 100).toFixed(score.probability < 0.1 ? 1 : 0)} %`;
  const judged = decision === "UNKNOWN" ? "" : `  ${percent} (${score.band})`;
  const seen = hit.detections
    .filter((detection) => detection.alarm)
    .slice(0, NAMED)
    .map((detection) => `${detection.class} ${Math.round(detection.score * 100)} %`);
  const reasons = hit.reasons.slice(0, NAMED).map((reason) => `    ${reason.code}: ${reason.text}\n`);
  const sees = seen.length === 0 ? "" : `  sees ${seen.join(", ")}`;
  return `${name}  ${hit.scan.kind}  ${decision} → ${recommendation}${judged}${sees}\n${reasons.join("")}`;
}
