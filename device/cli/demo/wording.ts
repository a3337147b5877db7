import type { About } from "./as-json.ts";
import type { CentralFile } from "./central-file.ts";
import type { AlertReport, HitReport, Truth } from "./reports.ts";
import type { Screen, Style } from "./screen.ts";
import { type Figures, percentile, type Share } from "./tally.ts";

/** Of fewer parcels a percentage says nothing. */
const MIN_PERCENT = 5;
/** Reasons shown of a hit. */
const MAX_REASONS = 3;
const COLUMNS = { time: 8, identifier: 18, decision: 8, score: 6, advice: 12, reasons: 46 } as const;
const GAP = "  ";
/** Below this the last column is left out, characters. */
const MIN_REALLY = 12;
const DECISION_STYLES: Readonly<Record<string, Style>> = { ALARM: "red", CLEAR: "green", UNKNOWN: "yellow" };
const SEVERITY_STYLES: Readonly<Record<string, Style>> = { critical: "red", warning: "yellow", info: "cyan" };

/** Headings above the hits. */
export function headings(screen: Screen): string {
  const { reasons, really } = widths(screen.columns);
  const text = [
    "time".padEnd(COLUMNS.time),
    "identifier".padEnd(COLUMNS.identifier),
    "decision".padEnd(COLUMNS.decision),
    "score".padStart(COLUMNS.score),
    "advice".padEnd(COLUMNS.advice),
    "reasons".padEnd(reasons),
    shorten("what it really is", really),
  ];
  return screen.paint("dim", text.join(GAP).trimEnd());
}

/** A hit as central received it, with what is really in the parcel beside it. */
export function hitLine(hit: HitReport, truth: Truth | null, screen: Screen): string {
  const { reasons, really } = widths(screen.columns);
  const revised = hit.revision > 1 ? `revision ${hit.revision} (${hit.cause}): ` : "";
  const why = hit.reasons.slice(0, MAX_REASONS).map(({ code }) => words(code));
  const fact = truth === null ? "" : truth.irregularities.map(words).join(", ") || "regular";
  const text = [
    hit.at.slice(11, 19),
    (hit.identifier ?? "no identifier").padEnd(COLUMNS.identifier),
    screen.paint(DECISION_STYLES[hit.decision] ?? "yellow", hit.decision.padEnd(COLUMNS.decision)),
    percent(hit.probability).padStart(COLUMNS.score),
    hit.recommendation.padEnd(COLUMNS.advice),
    shorten(revised + (why.join(", ") || "nothing found"), reasons).padEnd(really > 0 ? reasons : 0),
    really > 0 && fact !== "" ? screen.paint("dim", shorten(fact, really)) : "",
  ];
  return text.join(GAP).trimEnd();
}

/** How wide the last two columns may be; where there is no terminal the last one has no end. */
function widths(columns: number | null): { reasons: number; really: number } {
  if (columns === null) return { reasons: COLUMNS.reasons, really: Number.POSITIVE_INFINITY };
  const { time, identifier, decision, score, advice } = COLUMNS;
  const left = columns - (time + identifier + decision + score + advice + 5 * GAP.length) - 1;
  const reasons = Math.max(8, Math.min(COLUMNS.reasons, Math.ceil(0.6 * left)));
  const really = left - reasons - GAP.length;
  return really < MIN_REALLY ? { reasons: Math.max(8, left), really: 0 } : { reasons, really };
}

/** A reason code in words: `THREAT_FIREARM` is `firearm`, `MASS_MISMATCH` is `mass mismatch`. */
function words(code: string): string {
  return code
    .replace(/^THREAT_/, "")
    .toLowerCase()
    .replaceAll("_", " ")
    .replace(/^data quality (\w)/, (_, metric: string) => `data quality ${metric.toUpperCase()}`);
}

export function alertLine(alert: AlertReport, screen: Screen): string {
  const style = SEVERITY_STYLES[alert.severity] ?? "yellow";
  return `${alert.at.slice(11, 19)}  ${screen.paint(style, `alert ${alert.code}`)}  ${alert.message}`;
}

/** The line at the bottom of a terminal. */
export function progressLine(
  figures: { acknowledged: number; endToEnd: number; alarms: number },
  scans: number | null,
): string {
  const of = scans === null ? "" : ` of ${scans}`;
  return `${figures.endToEnd}${of} scans acknowledged end to end, ${figures.alarms} alarms · Ctrl-C ends the demo`;
}

/** The closing summary. */
export function summaryLines(
  figures: Figures,
  central: CentralFile,
  about: About,
  screen: Screen,
): readonly string[] {
  const { latenciesMs, recall, threats, falseAlarms, falseChecks } = figures;
  const row = (label: string, text: string) => `  ${label.padEnd(14)}${text}`;
  const bad = (count: number, text: string) => (count > 0 ? screen.paint("red", text) : text);
  const wanted = about.scans ?? figures.acknowledged;
  const p50 = milliseconds(percentile(latenciesMs, 0.5));
  const p95 = milliseconds(percentile(latenciesMs, 0.95));
  return [
    "",
    screen.paint("bold", `${plural(figures.acknowledged, "scan")} in ${about.seconds.toFixed(0)} s`),
    row(
      "scans",
      `${figures.endToEnd} of ${wanted} acknowledged end to end, ${bad(about.lost, `${about.lost} lost`)}`,
    ),
    row(
      "hits",
      `${figures.hits} at central, ${plural(figures.revisions, "later revision")} among them; ${bad(central.duplicated, `${central.duplicated} duplicated effects`)}, ${plural(figures.repeats, "repeat")} absorbed`,
    ),
    row("alarms", String(figures.alarms)),
    row("latency", `p50 ${p50}, p95 ${p95} from the end of a scan to its hit on central's disk`),
    row("recall", `${shareText(recall)} irregular parcels singled out`),
    row("", `${shareText(threats)} parcels with a firearm, blade or narcotic alarmed`),
    row(
      "false alarms",
      `${shareText(falseAlarms)} regular parcels alarmed, ${shareText(falseChecks)} singled out for a check`,
    ),
    screen.paint(
      "dim",
      "  measured against the simulator's own truth: synthetic parcels, no statement about real ones",
    ),
  ];
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function shareText(share: Share): string {
  const text = `${share.count} of ${share.of}`;
  return share.of < MIN_PERCENT ? text : `${text} (${percent(share.count / share.of)})`;
}

function milliseconds(value: number | null): string {
  return value === null ? "unknown" : `${Math.round(value)} ms`;
}

/** 38 %, 0.6 %. */
function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

/** Cuts text to a width. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}
