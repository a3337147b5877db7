import type { Command } from "commander";

/** `lynceus inference`: the models' process of a gateway whose `inference.socket` names the same path. */
export function registerInference(program: Command): void {
  program
    .command("inference")
    .description(
      "Runs the image models for a gateway on this machine, apart from it: no network, its own memory ceiling (device/deploy/systemd)",
    )
    .requiredOption("--socket <path>", "Unix socket to offer; only this user may connect")
    .action(async (options: { socket: string }) => {
      const { serveInference } = await import("./run.ts");
      await serveInference(options.socket, process.env);
    });
}
