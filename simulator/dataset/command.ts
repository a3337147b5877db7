import { type Command, Option } from "commander";
import { countOption, seedOption } from "../options.ts";
import { SCENARIOS, type Scenario } from "../scenarios/names.ts";
import { listenForStop } from "../stop-signals.ts";

interface Options {
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly scenario: Scenario;
  readonly mix: "training" | "traffic";
}

/** `simulate dataset`, as `cli.md` has it. */
export function registerDataset(simulate: Command): void {
  simulate
    .command("dataset")
    .description(
      "Labelled scans: 16-bit low and high planes, COCO annotations.json, masks, declarations.ndjson, outcomes.ndjson; the same seed gives the same bytes. All cores are used.",
    )
    .requiredOption("--out <dir>", "folder for the data set; made where it does not exist")
    .requiredOption("--count <n>", "scans", countOption)
    .option("--seed <s>", "the same seed gives the same bytes", seedOption, 1)
    .addOption(new Option("--scenario <name>", "what is scanned").choices(SCENARIOS).default("parcels"))
    .addOption(
      new Option("--mix <name>", "traffic: mostly regular; training: most scans hold a target")
        .choices(["traffic", "training"])
        .default("traffic"),
    )
    .action((options: Options) => dataset(options));
}

async function dataset(options: Options): Promise<void> {
  const { writeDataset } = await import("../dataset.ts");
  const signals = listenForStop();
  const onProgress = process.stderr.isTTY === true ? showProgress : undefined;
  try {
    await writeDataset({
      ...options,
      signal: signals.stop,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    process.stdout.write(`${options.count} scans in ${options.out}\n`);
  } catch (error) {
    if (signals.received() === null) throw error;
    process.exitCode = 130;
  } finally {
    signals.release();
  }
}

function showProgress(done: number, count: number): void {
  process.stderr.write(`\r${done} of ${count} scans${done === count ? "\n" : ""}`);
}
