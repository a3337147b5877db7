import type { Command } from "commander";
import { LynceusError } from "../../../protocols/errors.ts";
import type { RecordOptions } from "./run.ts";

/** `lynceus record`: a link's raw bytes with their times, for `replay://FILE`. */
export function registerRecord(program: Command): void {
  program
    .command("record")
    .description(
      "Capture the raw bytes of a lane's links with their times; replay://FILE?device=ID plays one back. Stop the gateway first. Scans are refused, so that the scanner keeps them. A recording holds labels and documents as they came, which may name people: only its owner can read it.",
    )
    .requiredOption("--config <file>", "configuration file (YAML)")
    .requiredOption("--lane <lane>", "which lane")
    .requiredOption("--out <file>", "recording (NDJSON); it must not exist")
    .option("--device <id>", "one device only: a peripheral's id, or scanner")
    .option("--seconds <n>", "stop after so long; without it, until a signal", seconds)
    .action(async (options: RecordOptions) => {
      const { record } = await import("./run.ts");
      process.exitCode = await record(options);
    });
}

/** Options of the command. */
function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value <= 86_400)) {
    throw new LynceusError("LYN_USAGE", `--seconds ${text} is not from 0 to 86400`, {
      remedy: "Give the seconds to record, for example --seconds 60",
    });
  }
  return value;
}
