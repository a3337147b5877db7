import type { Evaluation } from "./figures.ts";
import type { Interval } from "./statistics.ts";

/** A share or probability with three digits; a dash where there is no figure. */
export function figure(value: number | null, interval: Interval | null = null): string {
  if (value === null) return "–";
  const text = value.toFixed(3);
  return interval === null ? text : `${text} (${interval.low.toFixed(3)}–${interval.high.toFixed(3)})`;
}

export function percentage(value: number | null, interval: Interval | null = null): string {
  const text = (share: number) => (100 * share).toFixed(1);
  if (value === null) return "–";
  return interval === null
    ? `${text(value)} %`
    : `${text(value)} % (${text(interval.low)}–${text(interval.high)})`;
}

/** The figures for people, a table a line each; intervals are 95 % by bootstrap over scans. */
export function textOf(evaluation: Evaluation): string {
  const { models, milliseconds } = evaluation;
  const lines = [
    `${evaluation.scans} scans; ${models.map((model) => `${model.name} ${model.version}`).join(", ") || "no model ran"}`,
    ...evaluation.notes.map((note) => `  note: ${note}`),
    ...detectionLines(evaluation),
    ...fusedLine(evaluation),
    ...goodsLine(evaluation),
    ...loadLine(evaluation),
    ...similarLine(evaluation),
    ...massLine(evaluation),
    `  session.run, all models: p50 ${milliseconds.p50?.toFixed(0) ?? "–"} ms, p95 ${milliseconds.p95?.toFixed(0) ?? "–"} ms`,
  ];
  return `${lines.join("\n")}\n`;
}

/** Nothing where nothing is labelled and no model looks for anything. */
function detectionLines(evaluation: Evaluation): readonly string[] {
  const { classes, map50, map50Interval, recall, alarms, calibration } = evaluation;
  const labelled = classes.some(({ objects }) => objects.visible + objects.hidden > 0);
  if (!labelled && calibration.reliability.length === 0) return [];
  const name = Math.max(8, ...classes.map((one) => one.class.length));
  const rows = classes.map(
    ({ class: label, objects, ap50, interval }) =>
      `  ${label.padEnd(name)}  ${String(objects.visible).padStart(7)}  ${figure(ap50.visible, interval).padEnd(21)}  ${figure(ap50.clear)}  ${figure(ap50.partial)}  ${figure(ap50.hidden)}`,
  );
  const found = recall.map((one) => `${figure(one.recall)} at ${one.falseAlarmsPerScan}`).join(", ");
  return [
    `  ${"AP@50".padEnd(name)}  objects  clear and partial      clear  partial hidden`,
    ...rows,
    `  ${"mean".padEnd(name)}           ${figure(map50.visible, map50Interval).padEnd(21)}  ${figure(map50.clear)}  ${figure(map50.partial)}  ${figure(map50.hidden)}`,
    `  recall at false alarms a scan: ${found}`,
    `  any target against none: AUC ${figure(alarms.auc)}; false alarms at 90 % detection ${percentage(alarms.falseAlarmsAt90, alarms.falseAlarmsAt90Interval)} of ${alarms.free} free scans`,
    `  class scores: ECE ${figure(calibration.ece)}`,
  ];
}

function fusedLine({ fused }: Evaluation): readonly string[] {
  if (fused === null) return [];
  const { auc, aucInterval, brier, ece, examined, irregular, prior } = fused;
  return [
    `  fused score: ROC AUC ${figure(auc, aucInterval)}, Brier ${figure(brier)}, ECE ${figure(ece)} (${irregular} of ${examined} irregular, prior ${figure(prior)})`,
  ];
}

function goodsLine({ goods }: Evaluation): readonly string[] {
  if (goods === null) return [];
  const { macroF1, macroF1Interval, shareError, groups } = goods;
  return [
    `  goods: macro F1 ${figure(macroF1, macroF1Interval)} over ${groups.length} groups, share error ${figure(shareError)}`,
  ];
}

function loadLine({ load }: Evaluation): readonly string[] {
  if (load === null) return [];
  const { balancedAccuracy, balancedAccuracyInterval, states, profile, scans, notJudged, calibration } = load;
  const told = states.map((one) => `${one.state} ${one.told} of ${one.scans}`).join(", ");
  const judged = notJudged === 0 ? "" : `; ${notJudged} not judged, which counts as wrong`;
  const along =
    profile === null
      ? ""
      : `; profile off by ${figure(profile.meanError)}, within 0.1 in ${percentage(profile.within)} of ${profile.scans}`;
  return [
    `  load: balanced accuracy ${figure(balancedAccuracy, balancedAccuracyInterval)} of ${scans} scans (${told})${judged}, ECE ${figure(calibration.ece)}${along}`,
  ];
}

function similarLine({ similar }: Evaluation): readonly string[] {
  if (similar === null) return [];
  const { among, sameItem, sameKind } = similar;
  const item =
    sameItem === null
      ? "no item was scanned twice"
      : `another scan of the same item found first ${figure(sameItem.share, sameItem.interval)} of ${sameItem.searched}`;
  const kind =
    sameKind === null
      ? ""
      : `; one of the same largest goods group in the first five ${figure(sameKind.share, sameKind.interval)} of ${sameKind.searched}`;
  return [`  similar scans, among ${among}: ${item}${kind}`];
}

function massLine({ mass }: Evaluation): readonly string[] {
  if (mass === null) return [];
  const { weighed, opaque, medianError, bias } = mass;
  return [
    `  mass by X-ray: median error ${percentage(medianError)}, bias ${percentage(bias)} of ${weighed} scans; ${opaque} more are opaque in part`,
  ];
}
