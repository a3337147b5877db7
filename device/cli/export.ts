import { type Command, Option } from "commander";
import { LynceusError } from "../../protocols/errors.ts";

interface Options {
  readonly config: string;
  readonly scan?: string;
  readonly dataset?: boolean;
  readonly since?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** `lynceus export`: a scan as evidence, or scans with outcomes for training. Reads beside a running gateway and changes nothing. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description(
      "A scan as evidence: planes, every hit, declarations, outcomes, the chain and a proof that `lynceus audit verify --export DIR` checks without the gateway. Or, with --dataset, scans with outcomes as COCO for training, without personal data",
    )
    .addOption(new Option("--scan <id>", "the scan to export").conflicts("dataset"))
    .option("--dataset", "export scans with outcomes as a training set")
    .option(
      "--since <time>",
      "with --dataset: hits from this time on: 2026-03-05T12:00:00Z, 2026-03-05, or how long ago: 30d, 24h (default: all)",
    )
    .requiredOption("--out <dir>", "a new or empty folder")
    .option("--config <file>", "configuration file (YAML)", "lynceus.yaml")
    .option("--json", "print one JSON document")
    .action(async (options: Options) => {
      if ((options.scan === undefined) === (options.dataset !== true))
        throw new LynceusError("LYN_USAGE", "What is to be exported is not said", {
          remedy: "Give --scan ID, or --dataset.",
        });
      const { loadConfig } = await import("../config/load.ts");
      const config = await loadConfig(options.config);
      const now = Date.now();
      const { out } = options;
      const result =
        options.scan === undefined
          ? await dataset({
              config,
              vault: await (await import("../keys/of-config.ts")).vaultOf(config, process.env),
              since: await sinceOf(options.since, now),
              now,
              out,
            })
          : await (await import("../export/scan.ts")).exportScan({
              config,
              env: process.env,
              scanId: options.scan.toLowerCase(),
              now,
              out,
            });
      if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
      else process.stdout.write(`${summary(result)} in ${out}\n`);
    });
}

async function dataset(
  options: Parameters<typeof import("../export/dataset.ts").exportDataset>[0],
): Promise<Awaited<ReturnType<typeof import("../export/dataset.ts").exportDataset>>> {
  const { exportDataset } = await import("../export/dataset.ts");
  const result = await exportDataset(options);
  if (result.gone > 0)
    process.stderr.write(
      `${result.gone} scans with an outcome are left out: their images are no longer kept\n`,
    );
  if (result.notReal > 0)
    process.stderr.write(
      `${result.notReal} scans are of a simulator or a test, not of a machine's traffic\n`,
    );
  return result;
}

async function sinceOf(text: string | undefined, now: number): Promise<number> {
  return text === undefined ? 0 : (await import("./since.ts")).parseSince(text, now);
}

/** Figures in words, those that are none left out. */
function summary(figures: object): string {
  return Object.entries(figures)
    .filter(([name, value]) => typeof value === "number" && !["gone", "notReal"].includes(name))
    .map(([name, value]) => `${value} ${name}`)
    .join(", ");
}
