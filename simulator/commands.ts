import { Command } from "commander";
import { registerAuthority } from "./authority/command.ts";
import { registerBroker } from "./broker/command.ts";
import { registerCustoms } from "./customs/command.ts";
import { registerDataset } from "./dataset/command.ts";
import { registerFleet } from "./fleet/command.ts";
import { registerDevice } from "./peripherals/command.ts";
import { registerProject } from "./projection/command.ts";
import { registerRollout } from "./rollout/command.ts";
import { registerScanner } from "./scanner/command.ts";
import { registerSeason } from "./season/command.ts";

/** Registers the simulator's commands on `simulate`. */
export function simulateCommands(simulate: Command): void {
  registerScanner(simulate);
  registerCustoms(simulate);
  registerDataset(simulate);
  registerSeason(simulate);
  registerDevice(simulate);
  registerFleet(simulate);
  registerRollout(simulate);
  registerProject(simulate);
  registerBroker(simulate);
  registerAuthority(simulate);
}

/**
 * Runs `lynceus simulate ARGS…` and sets `process.exitCode`.
 * @throws CommanderError for wrong usage and after `--help`; LynceusError for what failed.
 */
export async function runSimulate(args: readonly string[]): Promise<void> {
  const simulate = new Command("lynceus simulate")
    .description("Simulated peers of a gateway. All data is synthetic; the same seed gives the same data.")
    .exitOverride()
    .showHelpAfterError("(see --help)");
  simulateCommands(simulate);
  for (const command of simulate.commands) command.exitOverride();
  await simulate.parseAsync([...args], { from: "user" });
}
