import type { Command } from "commander";

/**
 * `lynceus simulate …`. The simulator is a peer, not a part of the gateway: this lazy import is the one place where the
 * command line reaches it.
 */
export function registerSimulate(program: Command): void {
  // The simulator has its own options and help: everything behind `simulate` is passed on as it is.
  program.enablePositionalOptions();
  program
    .command("simulate")
    .description(
      "Simulated peers (scanner, devices, customs, a fleet, broker, authority) and data (dataset, season): see `lynceus simulate --help`",
    )
    .helpOption(false)
    .allowUnknownOption()
    .argument("[args...]")
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      const { runSimulate } = await import("../../simulator/commands.ts");
      await runSimulate(args);
    });
}
