import type { CentralFile } from "./central-file.ts";
import type { AlertReport, HitReport, Truth } from "./reports.ts";
import type { Screen, Style } from "./screen.ts";
import { type Figures, percentile, type Share } from "./tally.ts";

/** Reasons shown of a hit. */
const MAX_REASONS = 3;
const COLUMNS = { time: 8, identifier: 18, decision: 8, score: 7, advice: 12, reasons: 60 } as const;
const DECISION_STYLES: Readonly<Record<string, Style>> = { ALARM: "red", CLEAR: "green", UNKNOWN: "yellow" };
const SEVERITY_STYLES: Readonly<Record<string, Style>> = { critical: "red", warning: "yellow", info: "cyan" };

/** Headings above the hits. */
export function headings(screen: Screen): string {
  const text = [
    "time".padEnd(COLUMNS.time),
    "identifier".padEnd(COLUMNS.identifier),
    "decision".padEnd(COLUMNS.decision),
    "score".padStart(COLUMNS.score),
    "advice".padEnd(COLUMNS.advice),
    "reasons".padEnd(COLUMNS.reasons),
    "really",
  ].join("  ");
  return screen.paint("dim", shorten(text, screen.columns));
}

/** A hit as central received it, with what is really in the parcel beside it. */
export function hitLine(hit: HitReport, truth: Truth | null, screen: Screen): string {
  const revised = hit.revision > 1 ? `revision ${hit.revision} (${hit.cause}) ` : "";
  const reasons = `${revised}${
    hit.reasons
      .slice(0, MAX_REASONS)
      .map(({ code }) => code)
      .join(" ") || "nothing against it"
  }`;
  const head = [hit.at.slice(11, 19), (hit.identifier ?? "no identifier").padEnd(COLUMNS.identifier)].join(
    "  ",
  );
  const decision = hit.decision.padEnd(COLUMNS.decision);
  const middle = [
    percent(hit.probability).padStart(COLUMNS.score),
    hit.recommendation.padEnd(COLUMNS.advice),
  ].join("  ");
  const really = truth === null ? "" : truth.irregularities.join(" ") || "regular";
  const used = head.length + decision.length + middle.length + 6;
  const rest = shorten(
    `${reasons.padEnd(COLUMNS.reasons)}  ${really}`.trimEnd(),
    screen.columns === null ? null : screen.columns - used,
  );
  const shown = rest.slice(0, COLUMNS.reasons + 2);
  return [
    head,
    screen.paint(DECISION_STYLES[hit.decision] ?? "yellow", decision),
    middle,
    `${shown}${screen.paint("dim", rest.slice(shown.length))}`,
  ].join("  ");
}

export function alertLine(alert: AlertReport, screen: Screen): string {
  const style = SEVERITY_STYLES[alert.severity] ?? "yellow";
  return `${alert.at.slice(11, 19)}  ${screen.paint(style, alert.code)}  ${alert.message}`;
}

/** The line at the bottom of a terminal. */
export function progressLine(
  figures: { acknowledged: number; endToEnd: number; alarms: number },
  scans: number | null,
): string {
  const of = scans === null ? "" : ` of ${scans}`;
  return `${figures.endToEnd}${of} scans acknowledged end to end, ${figures.alarms} alarms · Ctrl-C ends the demo`;
}

/** The closing summary. `lost`: scans the gateway acknowledged that central has no hit of. */
export function summaryLines(
  figures: Figures,
  central: CentralFile,
  about: { readonly seconds: number; readonly lost: number; readonly scans: number | null },
  screen: Screen,
): readonly string[] {
  const { latenciesMs, recall, threats, falseAlarms, falseChecks } = figures;
  const row = (label: string, text: string) => `  ${label.padEnd(14)}${text}`;
  const bad = (count: number, text: string) => (count > 0 ? screen.paint("red", text) : text);
  const wanted = about.scans === null ? "" : ` of ${about.scans} asked for`;
  return [
    "",
    screen.paint("bold", `${figures.acknowledged} scans in ${about.seconds.toFixed(0)} s`),
    row(
      "scans",
      `${figures.endToEnd} acknowledged end to end${wanted}, ${bad(about.lost, `${about.lost} lost`)}`,
    ),
    row(
      "hits",
      `${figures.hits} at central, ${figures.revisions} of them later revisions; ${figures.repeats} repeats absorbed, ${bad(central.duplicated, `${central.duplicated} duplicated effects`)}`,
    ),
    row("alarms", String(figures.alarms)),
    row(
      "latency",
      `p50 ${milliseconds(percentile(latenciesMs, 0.5))}, p95 ${milliseconds(percentile(latenciesMs, 0.95))} from the end of a scan to its hit on central's disk`,
    ),
    row(
      "recall",
      `${shareText(recall)} irregular parcels singled out; ${shareText(threats)} with firearm, blade or narcotic alarmed`,
    ),
    row(
      "false alarms",
      `${shareText(falseAlarms)} regular parcels alarmed; ${shareText(falseChecks)} singled out for a check`,
    ),
    screen.paint(
      "dim",
      "  against the simulator's own ground truth: synthetic parcels, no statement about real ones",
    ),
  ];
}

function shareText(share: Share): string {
  const text = `${share.count} of ${share.of}`;
  return share.of === 0 ? text : `${text} (${percent(share.count / share.of)})`;
}

function milliseconds(value: number | null): string {
  return value === null ? "unknown" : `${Math.round(value)} ms`;
}

/** 38 %, 0.6 %. */
function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** Cuts text to a width; null leaves it. */
function shorten(text: string, width: number | null): string {
  if (width === null || text.length <= width) return text;
  return width <= 1 ? "" : `${text.slice(0, width - 1)}…`;
}
