import { type Command, Option } from "commander";
import { countOption, seedOption } from "../options.ts";
import { SEASON_NAMES, type SeasonName } from "./parameters.ts";

interface Options {
  readonly out: string;
  readonly count?: number;
  readonly seed: number;
  readonly season: SeasonName;
}

/** `simulate season`: consignments of a season with what a gateway learns of each, without drawing an image. */
export function registerSeason(simulate: Command): void {
  simulate
    .command("season")
    .description(
      "A season of consignments as NDJSON: truth, declaration, readings, and what image models would say, drawn from figures measured on the frozen benchmark; the same seed gives the same bytes.",
    )
    .requiredOption("--out <file>", "NDJSON file; written anew")
    .option("--count <n>", "consignments (default: 20000, as the parameters say)", countOption)
    .option("--seed <s>", "the same seed gives the same bytes", seedOption, 1)
    .addOption(
      new Option("--season <name>", "shifted: other error rates, mix and detector")
        .choices([...SEASON_NAMES])
        .default("standard"),
    )
    .action((options: Options) => season(options));
}

async function season({ out, count, seed, season: name }: Options): Promise<void> {
  const [{ writeFile }, { drawSeason }, { IMAGE_FIGURES }] = await Promise.all([
    import("node:fs/promises"),
    import("./season.ts"),
    import("./image-figures.ts"),
  ]);
  const drawn = drawSeason({
    seed,
    season: name,
    table: IMAGE_FIGURES,
    ...(count === undefined ? {} : { count }),
  });
  const { items, ...head } = drawn;
  const lines = [{ schema: "lynceus-season/1", ...head, count: items.length }, ...items];
  await writeFile(out, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  const irregular = items.filter(({ kind }) => kind !== null).length;
  process.stdout.write(`${items.length} consignments, ${irregular} irregular, in ${out}\n`);
}
