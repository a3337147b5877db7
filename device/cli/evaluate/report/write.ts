import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Collected } from "../collect.ts";
import type { Evaluation } from "../figures.ts";
import type { Miss } from "../misses.ts";
import { precisionRecall, type ReliabilityBin } from "../statistics.ts";
import { figure, textOf } from "../text.ts";
import { escaped, plot } from "./plots.ts";
import { thumbnail } from "./thumbnail.ts";

/**
 * Writes `report.html` (one file: figures, plots, the worst misses) and `figures.json` into a folder.
 * @returns their paths.
 */
export async function writeReport(
  folder: string,
  evaluation: Evaluation,
  collected: Collected,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const html = join(folder, "report.html");
  const json = join(folder, "figures.json");
  await writeFile(html, await page(evaluation, collected));
  await writeFile(json, `${JSON.stringify(evaluation, null, 1)}\n`);
  return [html, json];
}

const STYLE = `body{font:14px/1.4 sans-serif;margin:2em;max-width:80em;color:#222}svg{font:11px sans-serif;margin:0 1em 1em 0}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:2px 6px;text-align:right}th{background:#f4f4f4}
pre{background:#f6f6f6;padding:1em;overflow:auto}figure{display:inline-block;width:190px;margin:4px;vertical-align:top}
figure img{max-width:180px}figcaption{font-size:12px}`;

async function page(evaluation: Evaluation, collected: Collected): Promise<string> {
  const misses = await Promise.all(["not found", "false alarm"].map((kind) => gallery(kind, collected)));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evaluation of ${evaluation.scans} scans</title><style>${STYLE}</style></head><body>
<h1>Evaluation of ${evaluation.scans} scans</h1>
<pre>${escaped(textOf(evaluation))}</pre>
<h2>Detections</h2>
${precisionRecallPlot(collected)}
${reliabilityPlot("Class scores", evaluation.calibration.reliability)}
${evaluation.fused === null ? "" : reliabilityPlot("Fused score", evaluation.fused.reliability)}
<h2>Confusion</h2>
<p>Rows: what is there (clear and partial). Columns: the surest alarm on it at its threshold.</p>
${confusionTable(evaluation.confusion)}
${loadTable(evaluation)}
${misses.join("\n")}
</body></html>
`;
}

function precisionRecallPlot({ classes }: Collected): string {
  const series = [...classes].flatMap(([name, tally]) => {
    const ranked = tally.ranked("visible");
    if (ranked.positives === 0) return [];
    const points = precisionRecall(ranked).map(({ recall, precision }) => ({ x: recall, y: precision }));
    return [{ name: `${name} ${figure(tally.averagePrecision("visible"))}`, points }];
  });
  return plot({ title: "Precision and recall, clear and partial", x: "recall", y: "precision", series });
}

function reliabilityPlot(title: string, bins: readonly ReliabilityBin[]): string {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const points = bins.map(({ claimed, counted }) => ({ x: claimed, y: counted }));
  const sizes = bins.map(({ count }) => count / most);
  return plot({
    title,
    x: "claimed",
    y: "counted",
    series: [{ name: title, points, sizes }],
    diagonal: true,
  });
}

function loadTable({ load }: Evaluation): string {
  if (load === null) return "";
  return `<h2>Load</h2>
<p>Rows: the state that is there. Columns: the state that was told; none: not judged.</p>
${confusionTable(load.confusion)}
${reliabilityPlot("States of loads", load.calibration.reliability)}
<h3>Told wrong, the surest first</h3>
${worstLoads(load.worst)}`;
}

function worstLoads(worst: NonNullable<Evaluation["load"]>["worst"]): string {
  if (worst.length === 0) return "<p>none</p>";
  const rows = worst.map(
    ({ name, truth, claimed, score }) =>
      `<tr><th>${escaped(name)}</th><td>${truth}</td><td>${claimed}</td><td>${figure(score)}</td></tr>`,
  );
  return `<table><tr><th>scan</th><th>is</th><th>told</th><th>score</th></tr>${rows.join("")}</table>`;
}

function confusionTable(confusion: Evaluation["confusion"]): string {
  const rows = [...new Set(confusion.map(({ truth }) => truth))].sort();
  const columns = [...new Set(confusion.map(({ claimed }) => claimed))].sort();
  const count = (truth: string, claimed: string) =>
    confusion.find((one) => one.truth === truth && one.claimed === claimed)?.count ?? "";
  const head = columns.map((name) => `<th>${escaped(name)}</th>`).join("");
  const body = rows.map(
    (truth) =>
      `<tr><th>${escaped(truth)}</th>${columns.map((name) => `<td>${count(truth, name)}</td>`).join("")}</tr>`,
  );
  return `<table><tr><th></th>${head}</tr>${body.join("")}</table>`;
}

async function gallery(kind: string, { misses }: Collected): Promise<string> {
  const shown = misses.all.filter((miss) => miss.kind === kind);
  const figures: string[] = [];
  for (const miss of shown) figures.push(await pictured(miss));
  const title = kind === "not found" ? "Worst misses: not found" : "Worst misses: false alarms";
  return `<h2>${title}</h2>\n${figures.join("\n") || "<p>none</p>"}`;
}

async function pictured(miss: Miss): Promise<string> {
  const png = Buffer.from(await thumbnail(miss)).toString("base64");
  const name = escaped(`${miss.class} ${figure(miss.score)}, ${miss.image.input.name}`);
  return `<figure><img alt="${name}" src="data:image/png;base64,${png}"><figcaption>${name}</figcaption></figure>`;
}
