import type { Command } from "commander";
import { LynceusError } from "../../../protocols/errors.ts";

interface Options {
  readonly dataset: string;
  readonly models?: string;
  readonly report?: string;
  readonly prior?: string;
  readonly seed: string;
  readonly json?: boolean;
}

/** `lynceus evaluate`: model packages against a labelled data set. */
export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("Score model packages and fusion on a labelled data set")
    .requiredOption("--dataset <dir>", "folder with COCO annotations.json beside images/")
    .option("--models <dir>", "folder of model packages used instead of those that come with the project")
    .option(
      "--report <dir>",
      "write report.html with plots and the worst misses, and figures.json, into this folder",
    )
    .option(
      "--prior <p>",
      "prior of the fused score; else the share of irregular scans among the examined ones",
    )
    .option("--seed <n>", "seed of the bootstrap intervals", "1")
    .option("--json", "one JSON document on stdout")
    .addHelpText(
      "after",
      "\nImages are 16-bit pairs (file_name with high_file_name, or NAME.low.EXT beside NAME.high.EXT), grey or pseudo-colour.\n" +
        "Optional beside annotations.json: declarations.ndjson, outcomes.ndjson (full examinations label the fused score).\n" +
        "Optional members: annotations `tier` (clear, partial, hidden); images `pixelPitchMm`, `groups`, `massKg`,\n" +
        "`identifiers`, `scanId`, `cargo` (`state`: empty, part, loaded; `profile`: 0 to 1 along the length). Scans with the\n" +
        "same identifiers are of one item: an embedding is to find them first. Hidden objects count neither for nor against.\n" +
        "Intervals are 95 %, by bootstrap over scans. What no label tells of and no model looks for is left out.",
    )
    .action(async (options: Options) => {
      const [{ runEvaluate }, { builtInModels }] = await Promise.all([
        import("./run.ts"),
        import("../../inference/built-in.ts"),
      ]);
      const sound = await runEvaluate({
        dataset: options.dataset,
        models: [options.models ?? builtInModels()],
        ...(options.report !== undefined && { report: options.report }),
        ...(options.prior !== undefined && {
          prior: numberOf("--prior", options.prior, (p) => p > 0 && p < 1),
        }),
        seed: numberOf("--seed", options.seed, Number.isSafeInteger),
        json: options.json === true,
        progress: process.stderr.isTTY,
        out: (text) => process.stdout.write(text),
        say: (text) => process.stderr.write(text),
      });
      if (!sound) process.exitCode = 1;
    });
}

function numberOf(name: string, text: string, allowed: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() !== "" && allowed(value)) return value;
  throw new LynceusError("LYN_USAGE", `${name} ${text} is not allowed`, {
    remedy: name === "--prior" ? "Give a number between 0 and 1." : "Give a whole number.",
  });
}
