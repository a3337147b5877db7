import type { Case } from "../case.ts";
import type { EvidenceRow } from "./row.ts";

/** Alarms of the portal; a normal or faulty reading, or none, says nothing. */
export function radiationEvidence({ input }: Case): readonly EvidenceRow[] {
  const { radiation } = input.scan.measured;
  const weights = input.settings.weights.radiation;
  const sigma = Number.isFinite(radiation?.sigma)
    ? ` (${radiation?.sigma?.toFixed(1)} sigma above background)`
    : "";
  const rows: EvidenceRow[] = [];
  if (radiation?.neutron === "alarm") {
    rows.push({
      source: "radiation",
      code: "RADIATION_NEUTRON",
      logOdds: weights.neutron,
      detail: `neutron alarm of the portal${sigma}`,
    });
  }
  if (radiation?.gamma === "alarm") {
    rows.push({
      source: "radiation",
      code: "RADIATION_GAMMA",
      logOdds: weights.gamma,
      detail: `gamma alarm of the portal${sigma}`,
    });
  }
  return rows;
}

/** Whether the portal alarms: this alone makes the decision ALARM (`mqtt.md`, Hit `decision`). */
export function radiationAlarms(subject: Case): boolean {
  return radiationEvidence(subject).length > 0;
}
