import type { Command } from "commander";

/** `lynceus doctor`: what is wrong at this site, and what to do. */
export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "Probe broker, TLS, scanner, peripherals, models (known-answer test), disk and clock: a line each, ok, warning or fault with its remedy; exit 1 where there is a fault",
    )
    .requiredOption("--config <file>", "configuration file (YAML)")
    .option("--json", "print one JSON object a line")
    .action(async (options: { config: string; json?: boolean }) => {
      const { doctor } = await import("./run.ts");
      const code = await doctor(options.config, options);
      // Sockets of absent devices may still be opening: nothing is left to wait for.
      process.exit(code);
    });
}
