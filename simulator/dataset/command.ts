import { type Command, InvalidArgumentError, Option } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { countOption, seedOption } from "../options.ts";
import { SCENARIOS, type Scenario } from "../scenarios/names.ts";
import { listenForStop } from "../stop-signals.ts";
import { progressOn } from "./progress.ts";

interface Options {
  readonly out: string;
  readonly count?: number;
  readonly seed: number;
  readonly benchmark?: "main" | "shifted";
  readonly raw?: boolean;
  readonly scenario: Scenario | "pallets" | "containers";
  readonly mix: "training" | "traffic";
  readonly physics: "standard" | "shifted";
  readonly views: 1 | 2;
  readonly takes: number;
}

/** `simulate dataset`, as `cli.md` has it. */
export function registerDataset(simulate: Command): void {
  simulate
    .command("dataset")
    .description(
      "Labelled scans: 16-bit low and high planes, COCO annotations.json, masks, declarations.ndjson, outcomes.ndjson; the same seed gives the same bytes. All cores are used; stderr shows how far it is.",
    )
    .requiredOption("--out <dir>", "folder for the data set; made where it does not exist")
    .option("--count <n>", "scans; of a benchmark its first ones (all)", countOption)
    .option("--seed <s>", "the same seed gives the same bytes", seedOption, 1)
    .addOption(
      new Option(
        "--benchmark <set>",
        "the frozen benchmark's scans instead (from a checkout of the project)",
      ).choices(["main", "shifted"]),
    )
    .addOption(
      new Option("--scenario <name>", "what is scanned")
        .choices([...SCENARIOS, "pallets", "containers"])
        .default("parcels"),
    )
    .addOption(
      new Option("--mix <name>", "traffic: mostly regular; training: most scans hold a target")
        .choices(["traffic", "training"])
        .default("traffic"),
    )
    .addOption(
      new Option("--physics <name>", "shifted: machines outside of what models are trained on")
        .choices(["standard", "shifted"])
        .default("standard"),
    )
    .addOption(
      new Option("--views <n>", "2 adds a view from the side; cargo has one")
        .argParser(viewsOption)
        .default(1),
    )
    .option(
      "--takes <n>",
      "each parcel, letter or bag is scanned so often, lying otherwise, in every third packed anew",
      countOption,
      1,
    )
    .option(
      "--raw",
      "raw counts of an uncorrected detector, with dark and air frames and the scanner profile that names them",
    )
    .action((options: Options) => dataset(options));
}

function viewsOption(text: string): 1 | 2 {
  if (text === "1" || text === "2") return text === "1" ? 1 : 2;
  throw new InvalidArgumentError("Give 1 or 2.");
}

async function dataset(options: Options): Promise<void> {
  const count = options.count ?? (options.benchmark === undefined ? null : await sizeOf(options.benchmark));
  if (count === null) {
    throw new LynceusError("LYN_USAGE", "How many scans is not said", {
      remedy: "Give --count, or --benchmark for the scans of the frozen benchmark.",
    });
  }
  const { writeDataset } = await import("../dataset.ts");
  const signals = listenForStop();
  try {
    await writeDataset({
      ...options,
      count,
      signal: signals.stop,
      onProgress: progressOn(process.stderr, () => performance.now()),
    });
    process.stdout.write(`${count * options.takes} scans in ${options.out}\n`);
  } catch (error) {
    if (signals.received() === null) throw error;
    process.exitCode = 130;
  } finally {
    signals.release();
  }
}

async function sizeOf(set: "main" | "shifted"): Promise<number> {
  const { readBenchmark } = await import("../benchmark/list.ts");
  return readBenchmark().sets[set].scans.length;
}
