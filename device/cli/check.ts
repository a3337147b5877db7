import type { Command } from "commander";
import { LynceusError } from "../../protocols/errors.ts";

/** `lynceus check`: validates a configuration, every fault at once; exit 0 or 2. */
export function registerCheck(program: Command): void {
  program
    .command("check")
    .description(
      "Validate a configuration file: every error with its key path, what was found, what is allowed",
    )
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--json", "print one JSON document")
    .action(async (options: { config: string; json?: boolean }) => {
      const { loadConfig, warningsOf } = await import("../config/load.ts");
      try {
        const config = await loadConfig(options.config);
        const warnings = warningsOf(config);
        if (options.json) print({ ok: true, faults: [], warnings });
        else
          process.stdout.write(
            `${options.config}: ok, ${config.lanes.length} lane${config.lanes.length === 1 ? "" : "s"}\n`,
          );
        for (const { path, message } of warnings) process.stderr.write(`warning: ${path}: ${message}\n`);
      } catch (error) {
        if (!options.json || !(error instanceof LynceusError)) throw error;
        const { code, message, remedy, details } = error;
        print({ ok: false, code, message, remedy, faults: details["faults"] ?? [], warnings: [] });
        process.exitCode = 2;
      }
    });
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
