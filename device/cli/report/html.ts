import type { Drift } from "../../outcomes/drift.ts";
import type { Calibrated, PartFigures } from "../../outcomes/performance.ts";
import type { Ranking } from "../../outcomes/ranking.ts";
import { escaped, plot } from "../evaluate/report/plots.ts";
import type { Population, Report } from "./run.ts";
import { rateText, reportText, share } from "./text.ts";

const STYLE = `body{font:14px/1.4 sans-serif;margin:2em;max-width:80em;color:#222}svg{font:11px sans-serif;margin:0 1em 1em 0}
table{border-collapse:collapse;margin-bottom:1em}td,th{border:1px solid #ccc;padding:2px 6px;text-align:right}
td:first-child,th:first-child,td:last-child{text-align:left}th{background:#f4f4f4}pre{background:#f6f6f6;padding:1em;overflow:auto;white-space:pre-wrap}`;

/** The report as one file: no script, nothing fetched. */
export function reportHtml(report: Report): string {
  const { site, gateway, populations } = report;
  const title = escaped(`Outcomes against scores: ${site}/${gateway}`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head><body>
<h1>${title}</h1>
<p>${escaped(`${report.from} to ${report.to}`)}</p>
${populations.map(section).join("\n")}
<h2>All figures</h2>
<pre>${escaped(reportText(report))}</pre>
</body></html>
`;
}

function section({ synthetic, performance, proposal }: Population): string {
  const { calibration, ranking, drift } = performance;
  return `<h2>${synthetic ? "Synthetic scans" : "Scans of the site"}</h2>
<p>${performance.hits} scans scored, ${performance.outcomes.full} full examinations.</p>
${calibrationPlot(calibration)}
${rankingPlot(ranking)}
${driftPlot(drift)}
${ranking.note === null ? "" : `<p>${escaped(ranking.note)}</p>`}
${table("Reason", performance.reasons)}
${table("Source", performance.sources)}
${table("Model", performance.models)}
<p>Recalibration ${proposal.proposed ? "proposed" : "not proposed"}: ${escaped(proposal.why)}</p>`;
}

/** Axes end at the largest value, rounded up to a tenth: most probabilities are small. */
function calibrationPlot({ bins }: Calibrated): string {
  const most = Math.min(
    1,
    Math.ceil(10 * Math.max(0.1, ...bins.flatMap(({ claimed, counted }) => [claimed, counted]))) / 10,
  );
  const largest = Math.max(1, ...bins.map(({ items }) => items));
  return plot({
    title: "Calibration: claimed and found",
    x: "mean probability",
    y: "share irregular",
    diagonal: true,
    most: { x: most, y: most },
    series: [
      {
        name: "full examinations",
        points: bins.map(({ claimed, counted }) => ({ x: claimed / most, y: counted / most })),
        sizes: bins.map(({ items }) => items / largest / 4),
      },
    ],
  });
}

function rankingPlot({ at }: Ranking): string {
  const most = Math.max(...at.map((one) => one.share));
  const points = (value: (one: Ranking["at"][number]) => number | null) =>
    at.flatMap((one) => {
      const y = value(one);
      return y === null ? [] : [{ x: one.share / most, y }];
    });
  return plot({
    title: "Best scores first",
    x: "share of all scans",
    y: "share",
    most: { x: most },
    series: [
      { name: "precision", points: points((one) => one.precision.share) },
      { name: "recall", points: points((one) => one.recall) },
    ],
  });
}

/** Claimed and found share, before and recently. */
function driftPlot({ before, recent }: Drift): string {
  const sides = [before, recent].flatMap(({ claim }, x) =>
    claim.examined === 0
      ? []
      : [{ x, claimed: claim.expected / claim.examined, found: claim.irregular / claim.examined }],
  );
  if (sides.length < 2) return "";
  const most = Math.min(
    1,
    Math.ceil(10 * Math.max(0.1, ...sides.flatMap(({ claimed, found }) => [claimed, found]))) / 10,
  );
  return plot({
    title: "Drift: before (0) and recent (1)",
    x: "part of the period",
    y: "share irregular",
    most: { y: most },
    series: [
      { name: "claimed", points: sides.map(({ x, claimed }) => ({ x, y: claimed / most })) },
      { name: "found", points: sides.map(({ x, found }) => ({ x, y: found / most })) },
    ],
  });
}

function table(title: string, parts: readonly PartFigures[]): string {
  if (parts.length === 0) return "";
  const rows = parts.map(
    ({ name, items, alarms, precision, recall, claim, findings, drift }) =>
      `<tr><td>${escaped(name)}</td><td>${items}</td><td>${alarms}</td><td>${escaped(rateText(precision))}</td><td>${share(recall)}</td><td>${claim.expected.toFixed(1)}</td><td>${escaped([...findings, ...drift.findings].join("; "))}</td></tr>`,
  );
  return `<table><tr><th>${title}</th><th>scans</th><th>alarms</th><th>irregular, of the examined</th><th>recall</th><th>expected</th><th>found</th></tr>${rows.join("")}</table>`;
}
