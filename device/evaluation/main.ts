import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { evaluationPlots } from "./plots.ts";
import { evaluateFusion } from "./run.ts";
import { readSeason, type SeasonFile } from "./season-file.ts";
import { evaluationText } from "./text.ts";

const HELP = `npm run evaluate:fusion -- [options]

Draws two simulated seasons, fits fusion to the first third of one and judges image alone, declaration alone and
both together on its last third and on the other season.

  --seed N            seed of the seasons and of the bootstrap (1)
  --consignments N    of each season (20000)
  --rounds N          rounds of the bootstrap (100)
  --report DIR        write README.md, figures.json and plots into this folder
  --write-fit FILE    write what was fitted as the gateway's defaults (device/fusion/fitted.ts)
  --json              one JSON document on stdout
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    consignments: { type: "string", default: "20000" },
    rounds: { type: "string", default: "100" },
    report: { type: "string" },
    "write-fit": { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lynceus-season-"));
  const say = (text: string) => process.stderr.write(text);
  try {
    const [season, second] = [await drawn(folder, "standard"), await drawn(folder, "shifted")];
    const evaluation = evaluateFusion({
      season,
      second,
      seed: Number(values.seed),
      rounds: Number(values.rounds),
      say,
    });
    if (evaluation === null) {
      say(
        "error: too few irregular consignments to fit anything\n  remedy: ask for more with --consignments\n",
      );
      process.exitCode = 1;
      return;
    }
    const text = evaluationText(evaluation);
    process.stdout.write(values.json ? `${JSON.stringify(evaluation)}\n` : text);
    if (values.report !== undefined) await writeReport(values.report, evaluation, text);
    if (values["write-fit"] !== undefined) await writeFit(values["write-fit"], evaluation);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A season is made by its simulator, as a file: the two meet in the file alone. */
async function drawn(folder: string, name: string): Promise<SeasonFile> {
  const file = join(folder, `${name}.ndjson`);
  const lynceus = fileURLToPath(new URL("../bin/lynceus.js", import.meta.url));
  const { seed, consignments } = values;
  const args = [
    "simulate",
    "season",
    "--season",
    name,
    "--seed",
    seed,
    "--count",
    consignments,
    "--out",
    file,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, [lynceus, ...args]);
  process.stderr.write(`${name}: ${stdout}`);
  return readSeason(file);
}

type Evaluation = NonNullable<ReturnType<typeof evaluateFusion>>;

async function writeReport(folder: string, evaluation: Evaluation, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const plots = evaluationPlots(evaluation);
  for (const [name, svg] of plots) await writeFile(join(folder, name), `${svg}\n`);
  await writeFile(join(folder, "figures.json"), `${JSON.stringify(evaluation, null, 1)}\n`);
  const images = [...plots.keys()].map((name) => `![${name}](${name})`).join("\n");
  await writeFile(
    join(folder, "README.md"),
    `# Fusion on simulated seasons\n\nWritten by \`npm run evaluate:fusion -- --report DIR\`; the seasons are described in \`simulator/season/README.md\`. Intervals are 95 %, by\nbootstrap over consignments; ECE over 15 bins of equal size. All of it is simulated: it says how the sources combine, not what a\nfield would give.\n\n${text}\n${images}\n`,
  );
}

async function writeFit(file: string, { fitted }: Evaluation): Promise<void> {
  const { calibration } = fitted.fused;
  await writeFile(
    file,
    `import type { Calibration } from "./calibration.ts";\n\n/** Fitted by \`npm run evaluate:fusion -- --write-fit FILE\`; not written by hand. */\nexport const FITTED_CALIBRATION: Calibration = ${literal(calibration)};\n`,
  );
}

/** As the formatter of this project writes it. */
function literal(value: unknown): string {
  const lines = JSON.stringify(value, null, 2)
    .replace(/"([A-Za-z]+)":/g, "$1:")
    .split("\n");
  return lines
    .map((line, at) => (/[{[,]$/.test(line) || at === lines.length - 1 ? line : `${line},`))
    .join("\n");
}
