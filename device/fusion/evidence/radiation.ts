import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import type { EvidenceRow } from "./row.ts";

/**
 * Alarms of the portal. A faulty channel is told and weighs nothing: it is neither suspicious nor normal. A normal reading, or
 * none, says nothing.
 */
export function radiationEvidence({ input }: Case): readonly EvidenceRow[] {
  const { radiation } = input.scan.measured;
  const weights = input.settings.weights.radiation;
  const sigma = Number.isFinite(radiation?.sigma)
    ? ` (${radiation?.sigma?.toFixed(1)} sigma above background)`
    : "";
  const rows: EvidenceRow[] = [];
  for (const channel of ["neutron", "gamma"] as const) {
    const state = radiation?.[channel];
    const code = channel === "gamma" ? "RADIATION_GAMMA" : "RADIATION_NEUTRON";
    if (state === "alarm") {
      const detail = `${channel} alarm of the portal${sigma}`;
      const logOdds = calibrated(input.settings, "radiation", weights[channel]);
      rows.push({ source: "radiation", code, logOdds, detail });
    } else if (state === "fault") {
      const detail = `the portal's ${channel} channel is faulty: the item was not screened for it`;
      rows.push({ source: "radiation", code, logOdds: 0, detail });
    }
  }
  return rows;
}

/** Whether the portal alarms: this alone makes the decision ALARM (`mqtt.md`, Hit `decision`). */
export function radiationAlarms({ input }: Case): boolean {
  const { radiation } = input.scan.measured;
  return radiation?.gamma === "alarm" || radiation?.neutron === "alarm";
}
