import type { Claim, Rate } from "../../outcomes/judged.ts";
import type { Calibrated, ModelFigures, PartFigures, Performance } from "../../outcomes/performance.ts";
import type { Population, Report } from "./run.ts";

/** The report for people, as lines. */
export function reportText(report: Report): string {
  const { site, gateway, from, to, populations } = report;
  const head = `Outcomes against scores: ${site}/${gateway}, ${from} to ${to}`;
  return `${[head, ...populations.flatMap(populationLines)].join("\n")}\n`;
}

export function share(value: number | null): string {
  if (value === null) return "not known";
  return `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 2 : 1)} %`;
}

export function rateText({ count, of, share: value, low, high }: Rate): string {
  return of === 0 ? "none examined" : `${share(value)} (${count} of ${of}; ${share(low)} … ${share(high)})`;
}

function populationLines({ synthetic, performance, proposal }: Population): readonly string[] {
  const { hits, outcomes, ranking, calibration, drift } = performance;
  const { confirmed, refuted, partial, full, unknownScan } = outcomes;
  return [
    "",
    synthetic ? "Synthetic and other scans that are no work of the site" : "Scans of the site",
    line("scans scored", hits),
    line(
      "outcomes",
      `${confirmed} confirmed, ${refuted} refuted, ${partial} partial; ${full} of full examinations`,
    ),
    line("for unknown scans", unknownScan),
    "",
    "Ranking (precision: of those fully examined, with its 95 % interval)",
    ...ranking.at.map((at) =>
      line(
        `best ${share(at.share)}`,
        `${at.items} scans, precision ${rateText(at.precision)}, recall ${share(at.recall)}`,
      ),
    ),
    line(
      "alarms",
      `${ranking.alarms.items} scans, precision ${rateText(ranking.alarms.precision)}, recall ${share(ranking.alarms.recall)}, false alarms ${share(ranking.alarms.falseAlarms)}`,
    ),
    ...(ranking.note === null ? [] : [line("note", ranking.note)]),
    "",
    "Calibration (full examinations only)",
    ...calibrationLines(calibration),
    "",
    ...partLines("Reasons", performance.reasons),
    ...partLines("Sources that accuse", performance.sources),
    ...modelLines(performance.models),
    "Drift (newest quarter of the period against the rest)",
    line("scans", `${drift.before.items} before, ${drift.recent.items} recent`),
    line("stability index", drift.psi === null ? "too few scans" : drift.psi.toFixed(3)),
    line("claim, recent", claimText(drift.recent.claim)),
    ...findingLines(performance),
    "",
    "Recalibration",
    line(proposal.proposed ? "proposed" : "not proposed", proposal.why),
    ...(proposal.members === null
      ? []
      : [
          "  Members for the next profile; only a signed profile applies them:",
          `  ${JSON.stringify({ hazardShares: proposal.members.hazardShares, calibration: proposal.members.calibration })}`,
          `  and "prior": ${proposal.members.prior.toFixed(5)} in its flows`,
        ]),
  ];
}

function line(name: string, value: string | number): string {
  return `  ${name.padEnd(18)} ${value}`;
}

function claimText({ examined, irregular, expected, z }: Claim): string {
  if (z === null) return "nothing examined";
  return `${irregular} of ${examined} irregular, ${expected.toFixed(1)} expected (${z >= 0 ? "+" : ""}${z.toFixed(1)} standard deviations)`;
}

export function figure(value: number | null, digits = 4): string {
  return value === null ? "not known" : value.toFixed(digits);
}

function calibrationLines({
  claim,
  auc,
  brier,
  brierReference,
  ece,
  intervals,
}: Calibrated): readonly string[] {
  const within = (interval: { low: number; high: number } | null) =>
    interval === null ? "" : ` (${interval.low.toFixed(4)} … ${interval.high.toFixed(4)})`;
  return [
    line("claim", claimText(claim)),
    line("ECE", `${figure(ece)}${within(intervals.ece)}`),
    line("Brier", `${figure(brier)}${within(intervals.brier)}, of the mean alone ${figure(brierReference)}`),
    line("ROC AUC", `${figure(auc)}${within(intervals.auc)}`),
  ];
}

function partLines(title: string, parts: readonly PartFigures[]): readonly string[] {
  if (parts.length === 0) return [];
  return [
    title,
    ...parts.map((part) =>
      line(
        part.name,
        `${part.items} scans, ${part.alarms} alarms, irregular ${rateText(part.precision)}, recall ${share(part.recall)}, ECE ${figure(part.ece)}${said(part)}`,
      ),
    ),
    "",
  ];
}

function said({ findings, drift }: PartFigures): string {
  const all = [...findings, ...drift.findings.map((text) => `recently ${text}`)];
  return all.length === 0 ? "" : `; ${all.join("; ")}`;
}

function modelLines(models: readonly ModelFigures[]): readonly string[] {
  if (models.length === 0) return [];
  return [
    "Models",
    ...models.flatMap((model) => [
      line(
        model.name,
        `${model.items} scans, irregular ${rateText(model.precision)}, AUC ${figure(model.auc)}, ECE ${figure(model.ece)}${said(model)}`,
      ),
      line(
        "",
        `precision of the best ${model.at.map((at) => `${share(at.share)}: ${share(at.precision.share)}`).join(", ")}`,
      ),
    ]),
    "",
  ];
}

function findingLines({ drift }: Performance): readonly string[] {
  if (drift.findings.length === 0) return [line("found", "no drift")];
  return drift.findings.map((text) => line("found", text));
}
