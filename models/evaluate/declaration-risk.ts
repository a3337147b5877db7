/**
 * Measures the package `declaration-risk` that comes with the project on declarations with labels.
 *
 *     npm run evaluate:declaration-risk -- --test FILE.csv [--package FOLDER] [--json]
 *
 * The file has the columns of the public customs declarations (`HS6 Code`, `Country of Origin`, …, `Fraud`); columns of
 * parties are not looked at. `--json` prints one object and nothing else.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import { listPackages } from "../package.ts";
import { loadTabularPackage, type TabularPackage } from "../tabular-package.ts";
import { TabularRunner } from "../tabular-runner.ts";
import { readDeclarations } from "./declarations-csv.ts";
import { type RankingFigures, rankingFigures } from "./ranking.ts";

const USAGE = "Usage: npm run evaluate:declaration-risk -- --test FILE.csv [--package FOLDER] [--json]";
const NAME = "declaration-risk";

/** The package of the project: the last version in `models/packages`. */
async function shipped(): Promise<string> {
  const up = import.meta.url.endsWith(".ts") ? "../packages" : "../../../models/packages";
  const folder = fileURLToPath(new URL(up, import.meta.url));
  const found = (await listPackages(folder, "tabular")).filter((path) => path.includes(`${NAME}-`));
  const last = found.at(-1);
  if (last !== undefined) return last;
  throw new LynceusError("LYN_MODEL_MISSING", `No package ${NAME} in ${folder}`, {
    remedy: "Install the project whole, or name a package with --package.",
  });
}

/**
 * Scores the declarations of a file with a package, as the gateway would, and measures.
 * @throws LynceusError LYN_MODEL_…, LYN_PATH_MISSING, LYN_DATASET
 */
export async function evaluate(
  test: string,
  directory?: string,
): Promise<{ figures: RankingFigures; rows: number; modelPackage: TabularPackage }> {
  const modelPackage = await loadTabularPackage(directory ?? (await shipped()));
  const runner = await TabularRunner.open(modelPackage);
  try {
    await runner.knownAnswerTest();
    const { rows, labels } = await readDeclarations(test);
    return { figures: rankingFigures(await runner.score(rows), labels), rows: rows.length, modelPackage };
  } finally {
    await runner.close();
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      test: { type: "string" },
      package: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help || values.test === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  const { figures, rows, modelPackage } = await evaluate(values.test, values.package);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    return 0;
  }
  const { name, version } = modelPackage.manifest;
  process.stdout.write(`${name} ${version} on ${rows} declarations\n`);
  for (const [figure, value] of Object.entries(figures))
    process.stdout.write(`${figure.padEnd(14)}${value.toFixed(4)}\n`);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await main();
  } catch (error) {
    const remedy = isLynceusError(error) ? ` ${error.remedy}` : "";
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}${remedy}\n`);
    process.exitCode = isLynceusError(error) ? 1 : 2;
  }
}
