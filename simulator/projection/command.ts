import { type Command, InvalidArgumentError } from "commander";
import { TARGET_CLASSES, type TargetClass } from "../goods/item.ts";
import { countOption, seedOption } from "../options.ts";
import { listenForStop } from "../stop-signals.ts";

interface Options {
  readonly scans: string;
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly threats: number;
  readonly classes?: readonly TargetClass[];
  readonly pitch?: number;
  readonly cutFrom?: string;
}

/** `simulate project`: threat image projection. */
export function registerProject(simulate: Command): void {
  simulate
    .command("project")
    .description(
      "Threats put into given dual-energy pairs (threat image projection), written as simulate dataset writes scans. Each is marked AUGMENTED: never a machine's scan.",
    )
    .requiredOption(
      "--scans <dir>",
      "folder of NAME.low.EXT, NAME.high.EXT (16-bit PNG or TIFF), one machine's",
    )
    .requiredOption("--out <dir>", "folder for the data set; made where it does not exist")
    .requiredOption("--count <n>", "composites", countOption)
    .option("--seed <s>", "the same seed gives the same bytes", seedOption, 1)
    .option("--threats <n>", "1 to this many threats in each", threatsOption, 2)
    .option(
      "--cut-from <dir>",
      "labelled data set of the same machine: its targets are cut out and put in instead of drawn ones",
    )
    .option(
      "--classes <names>",
      `of these alone, by comma: ${TARGET_CLASSES.join(", ")} (all)`,
      classesOption,
    )
    .option("--pitch <mm>", "mm a pixel, of pairs whose sidecar does not say (1)", pitchOption)
    .action(project);
}

function threatsOption(text: string): number {
  const value = Number(text);
  if (!/^[1-8]$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1 to 8.");
  return value;
}

function classesOption(text: string): readonly TargetClass[] {
  const known: readonly string[] = TARGET_CLASSES;
  const wanted = text.split(",").map((name) => name.trim());
  const wrong = wanted.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${known.join(", ")}.`);
  return TARGET_CLASSES.filter((name) => wanted.includes(name));
}

function pitchOption(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= 10)) throw new InvalidArgumentError("Give mm from 0.1 to 10.");
  return value;
}

async function project({ pitch, ...options }: Options): Promise<void> {
  const { writeComposites } = await import("./dataset.ts");
  const signals = listenForStop();
  const show = (done: number): void => {
    process.stderr.write(`\r${done} of ${options.count} composites${done === options.count ? "\n" : ""}`);
  };
  try {
    await writeComposites({
      ...options,
      signal: signals.stop,
      ...(pitch === undefined ? {} : { pixelPitchMm: pitch }),
      ...(process.stderr.isTTY === true ? { onProgress: show } : {}),
    });
    process.stdout.write(`${options.count} composites in ${options.out}\n`);
  } catch (error) {
    if (signals.received() === null) throw error;
    process.exitCode = 130;
  } finally {
    signals.release();
  }
}
