import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { logit } from "../../protocols/mqtt/score-check.ts";
import { GRID, type ImageTable, type Quantiles } from "./image-table.ts";

/**
 * Joins what is true of exported benchmark scans with what `lynceus scan --json` made of them, and writes `image-figures.ts`:
 * `node simulator/season/measure.ts TRUTH.ndjson HITS.ndjson PACKAGES_FOLDER`. Only quantiles are kept.
 */
const SHARE_BINS = [0, 0.1, 0.4] as const;

interface Truth {
  readonly stem: string;
  readonly targets: readonly { readonly class: string; readonly tier: "clear" | "partial" | "hidden" }[];
  readonly groups: readonly { readonly group: string; readonly share: number }[];
  readonly massKg: number;
}
interface Seen {
  readonly scan: { readonly quality: number };
  readonly detections: readonly { readonly class: string; readonly score: number }[];
  readonly contents: readonly {
    readonly group: string;
    readonly score: number;
    readonly share: number | null;
  }[];
  readonly measured: { readonly xrayMassKg: number | null };
  readonly reasons: readonly { readonly code: string }[];
  readonly models: readonly { readonly name: string; readonly version: string; readonly sha256: string }[];
}
interface Package {
  readonly name: string;
  readonly classes: readonly {
    readonly name: string;
    readonly threshold: number;
    readonly calibration: {
      readonly points: readonly (readonly [number, number])[];
      readonly prevalence: number;
    };
  }[];
}

const [truthFile = "", hitsFile = "", packages = ""] = argv.slice(2);
const truths = linesOf<Truth>(truthFile);
const hits = linesOf<Seen>(hitsFile);
if (truths.length !== hits.length) throw new Error(`${truths.length} truths, ${hits.length} hits`);
const scans = truths.map((truth, at) => ({ truth, seen: hits[at] as Seen }));

const detector = packageOf("threat-detector");
const classes = detector.classes.map(({ name, threshold, calibration }) => {
  const absent = (calibration.points[0] as readonly [number, number])[1];
  const states = scans.map(({ truth, seen }) => ({
    tier: tierOf(truth, name),
    score: Math.max(absent, ...seen.detections.filter((one) => one.class === name).map((one) => one.score)),
  }));
  const of = (tier: string) =>
    quantiles(states.filter((one) => one.tier === tier).map((one) => logit(one.score)));
  const by = { none: of("none"), clear: of("clear"), partial: of("partial"), hidden: of("hidden") };
  return { class: name, threshold, prevalence: calibration.prevalence, absent, logits: by };
});

const groups = packageOf("goods-classifier").classes.map(({ name }) => {
  const rows = scans.flatMap(({ truth, seen }) => {
    const found = seen.contents.find((one) => one.group === name);
    const share = truth.groups.find((one) => one.group === name)?.share ?? 0;
    return found === undefined ? [] : [{ bin: binOf(share), score: found.score, share: found.share ?? 0 }];
  });
  const bins = [0, ...SHARE_BINS.map((_, at) => at + 1)].map((bin) => rows.filter((one) => one.bin === bin));
  return {
    group: name,
    logits: bins.map((rowsOfBin) => quantiles(rowsOfBin.map((one) => logit(one.score)))),
    shares: bins.map((rowsOfBin) => quantiles(rowsOfBin.map((one) => one.share))),
  };
});

const errors = scans.flatMap(({ truth, seen }) =>
  seen.measured.xrayMassKg === null ? [] : [Math.log(seen.measured.xrayMassKg / truth.massKg)],
);
const table: ImageTable = {
  provenance: {
    benchmark: "parcels-1 main",
    scans: scans.length,
    models: (hits[0]?.models ?? []).map(({ name, version, sha256 }) => `${name}@${version} ${sha256}`),
  },
  shareBins: [...SHARE_BINS],
  classes,
  groups,
  massErrors: quantiles(errors),
  quality: quantiles(hits.map((hit) => hit.scan.quality)),
  opaque: round(
    hits.filter((hit) => hit.reasons.some((one) => one.code === "OPAQUE_REGION")).length / hits.length,
  ),
  // How far one scan's scores go together, beyond what is true of it: the mean correlation of their ranks.
  together: { detections: together(detectionRanks()), contents: together(contentRanks()) },
};
// One line a class and a group, so that a new measurement shows what moved.
const text = JSON.stringify(table).replaceAll(/\{"(class|group)"/g, '\n{"$1"');
writeFileSync(
  new URL("./image-figures.ts", import.meta.url),
  `import type { ImageTable } from "./image-table.ts";\n\n/** Measured by \`measure.ts\`; not written by hand. */\nexport const IMAGE_FIGURES =\n  JSON.parse(\`${text}\`) as ImageTable;\n`,
);

function linesOf<Line>(file: string): readonly Line[] {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

function packageOf(name: string): Package {
  const folder =
    readdirSync(packages)
      .filter((one) => one.startsWith(`${name}-`))
      .sort()
      .at(-1) ?? "";
  return JSON.parse(readFileSync(join(packages, folder, "model.json"), "utf8")) as Package;
}

/** The best seen object of a class. */
function tierOf({ targets }: Truth, name: string): "none" | "clear" | "partial" | "hidden" {
  const own = targets.filter((one) => one.class === name).map((one) => one.tier);
  return (["clear", "partial", "hidden"] as const).find((tier) => own.includes(tier)) ?? "none";
}

/** 0: not there; else the bin of its share of the mass. */
function binOf(share: number): number {
  return share <= 0 ? 0 : SHARE_BINS.filter((from) => share > from).length;
}

function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((one, other) => one - other);
  if (sorted.length === 0) return [];
  return GRID.map((share) => {
    const at = share * (sorted.length - 1);
    const low = sorted[Math.floor(at)] as number;
    return round(low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - low));
  });
}

function round(value: number): number {
  return Number(value.toFixed(4));
}

/** Ranks 0..1 of every class that is not there, one row a scan; null where it is there. */
function detectionRanks(): (number | null)[][] {
  const columns = detector.classes.map(({ name }) =>
    scans.map(({ truth, seen }) =>
      tierOf(truth, name) === "none"
        ? Math.max(0, ...seen.detections.filter((one) => one.class === name).map((one) => one.score))
        : null,
    ),
  );
  return rowsOf(columns.map(ranks));
}

function contentRanks(): (number | null)[][] {
  const columns = groups.map(({ group }) =>
    scans.map(({ truth, seen }) =>
      truth.groups.some((one) => one.group === group)
        ? null
        : (seen.contents.find((one) => one.group === group)?.score ?? null),
    ),
  );
  return rowsOf(columns.map(ranks));
}

function rowsOf(columns: (number | null)[][]): (number | null)[][] {
  return scans.map((_, at) => columns.map((column) => column[at] ?? null));
}

function ranks(column: (number | null)[]): (number | null)[] {
  const known = column.filter((value) => value !== null).toSorted((one, other) => one - other);
  return column.map((value) => {
    if (value === null) return null;
    const below = known.filter((other) => other < value).length;
    const same = known.filter((other) => other === value).length;
    return (below + same / 2) / known.length - 0.5;
  });
}

/** Mean correlation of pairs in one row. */
function together(rows: readonly (readonly (number | null)[])[]): number {
  let product = 0;
  let square = 0;
  for (const row of rows) {
    for (const [at, one] of row.entries()) {
      for (const other of row.slice(at + 1)) {
        if (one === null || other === null) continue;
        product += one * other;
        square += (one * one + other * other) / 2;
      }
    }
  }
  return square === 0 ? 0 : round(Math.max(0, product / square));
}
