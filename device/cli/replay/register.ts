import { type Command, InvalidArgumentError } from "commander";

interface Options {
  readonly spool?: string;
  readonly folder?: string;
  readonly models?: string;
  readonly config?: string;
  readonly profile?: string;
  readonly since?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Scans of one replay unless `--limit` says otherwise. */
const USUAL_LIMIT = 10_000;

/** `lynceus replay`: what would have been said. Publishes nothing and changes nothing. */
export function registerReplay(program: Command): void {
  program
    .command("replay")
    .description(
      "Re-run stored scans through other models, thresholds or profiles and print the differences; nothing is published",
    )
    .option("--spool <dir>", "stored scans of a gateway: its spool.path, which may be in use")
    .option("--folder <dir>", "image files, compared with what `lynceus scan` says of them")
    .option("--models <dir>", "folder of model packages tried before those that come with the project")
    .option(
      "--config <file>",
      "thresholds, priors and models of its lanes, and the profile that is in force there",
    )
    .option("--profile <file>", "a risk profile to try: its JSON, or a signed one")
    .option("--since <time>", "stored from this time on: 2026-03-05T12:00:00Z, or how long ago: 30d, 24h")
    .option("--limit <n>", "scans at most, the newest", atLeastOne, USUAL_LIMIT)
    .option("--json", "one JSON object a scan, then one with the summary")
    .addHelpText(
      "after",
      "\nWithout --models, a configuration or profile scores the stored analyses again; with nothing named the images are looked\n" +
        "at again by the models of this version. Exit 1 when a scan could not be replayed, 2 for a missing path.",
    )
    .action(async ({ json = false, ...options }: Options) => {
      process.stdout.on("error", () => process.exit(1));
      const { runReplay } = await import("./run.ts");
      const all = await runReplay({
        ...options,
        json,
        now: Date.now(),
        env: process.env,
        out: (text) => process.stdout.write(text),
        say: (text) => process.stderr.write(text),
      });
      if (!all) process.exitCode = 1;
    });
}

function atLeastOne(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("a whole number from 1 on");
}
