import type { Command } from "commander";

interface Options {
  readonly config: string;
  readonly since?: string;
  readonly json?: boolean;
  readonly html?: string | true;
}

/** `lynceus report`: outcomes against scores. Reads beside a running gateway and changes nothing. */
export function registerReport(program: Command): void {
  program
    .command("report")
    .description(
      "Outcomes against scores: precision@k, recall, calibration and drift, per reason and model; text, JSON or HTML with plots",
    )
    .option("--config <file>", "configuration file (YAML)", "lynceus.yaml")
    .option(
      "--since <time>",
      "from this time on: 2026-03-05T12:00:00Z, 2026-03-05, or how long ago: 30d, 24h (default: all)",
    )
    .option("--json", "print one JSON document")
    .option("--html [file]", "write one HTML file with plots; without a file it is printed")
    .addHelpText(
      "after",
      "\nRates are those of full examinations. Recall needs examinations of items drawn at random (randomRate of the profile).\n" +
        "A recalibration is proposed where it claims unseen examinations better; nothing applies it but a profile that central signs.",
    )
    .action(async (options: Options) => {
      // Whoever read the lines went away (`| head`): nothing is left to do.
      process.stdout.on("error", () => process.exit(1));
      const { printReport } = await import("./print.ts");
      await printReport(options, { now: Date.now(), env: process.env, out: process.stdout });
    });
}
