import { type Command, InvalidArgumentError } from "commander";

/** Items per second without `--rate`. */
const DEFAULT_RATE = 1;
/** Without `--seed`: parcels of this one are a good mixture from the start, a firearm, a blade, late papers. */
const DEFAULT_SEED = 6;

/** `lynceus demo`: the main job with nothing but Node. */
export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description(
      "The main job with nothing but Node: a broker, a simulated scanner lane, a simulated customs system and a gateway, each a process of its own. Prints a line per hit score as central receives it",
    )
    .option("--scans <n>", "stop by itself after N scans have been acknowledged end to end", countOption)
    .option("--seed <s>", "the same seed gives the same items", seedOption, DEFAULT_SEED)
    .option("--rate <r>", "items per second", rateOption, DEFAULT_RATE)
    .option("--console <port>", "serve the gateway's console and metrics on this port", portOption)
    .option("--json", "hits and the summary as one JSON object a line")
    .action(
      async (options: { scans?: number; seed: number; rate: number; console?: number; json?: true }) => {
        const { demo } = await import("./demo.ts");
        process.exitCode = await demo({
          ...options,
          scans: options.scans ?? null,
          console: options.console ?? null,
          json: options.json ?? false,
        });
      },
    );
}

function countOption(text: string): number {
  return integer(text, 1, 100_000);
}

function seedOption(text: string): number {
  return integer(text, 0, Number.MAX_SAFE_INTEGER);
}

function portOption(text: string): number {
  return integer(text, 1, 65_535);
}

function rateOption(text: string): number {
  const rate = Number(text);
  if (text.trim() !== "" && rate >= 0.01 && rate <= 20) return rate;
  throw new InvalidArgumentError("Give items per second, from 0.01 to 20.");
}

function integer(text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
}
