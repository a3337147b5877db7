import type { Command } from "commander";
import type { VerifyOptions } from "./verify.ts";

const several = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `lynceus audit`: what the gateway wrote is what it wrote. Reads beside a running gateway and changes nothing. */
export function registerAudit(program: Command): void {
  const audit = program
    .command("audit")
    .description("Verify the hash chain, signatures and checkpoints of everything the gateway produced");
  audit
    .command("verify")
    .description(
      "Verifies the journal of a gateway, or an export without one. Exit 1 at the first broken link, which it names",
    )
    .option("--config <file>", "configuration file (YAML)", "lynceus.yaml")
    .option(
      "--export <dir>",
      "verify a folder that `audit export` or `export --scan` wrote, without the gateway",
    )
    .option("--key <file>", "the gateway's public key; may be repeated (default: as configured)", several, [])
    .option(
      "--witness-key <file>",
      "central's public key; may be repeated (default: trust.central)",
      several,
      [],
    )
    .option("--witness <file>", "a co-signed checkpoint that central kept; may be repeated", several, [])
    .option("--no-images", "leave out the image planes, which are read whole")
    .option("--json", "print one JSON document")
    .addHelpText(
      "after",
      "\nRows taken off the end are missed only where a co-signed checkpoint says that they were there: somebody with all rights\n" +
        "on the gateway can take those away too, so an auditor brings central's copy by --witness.",
    )
    .action(async (options: VerifyOptions) => {
      const { verify } = await import("./verify.ts");
      process.exitCode = await verify(options, { env: process.env, out: process.stdout });
    });
  audit
    .command("export")
    .description("Writes the whole journal with its checkpoints into a folder, to be verified elsewhere")
    .option("--config <file>", "configuration file (YAML)", "lynceus.yaml")
    .requiredOption("--out <dir>", "folder to write log.json and log.ndjson into")
    .action(async (options: { config: string; out: string }) => {
      const { exportTo } = await import("./export.ts");
      process.stdout.write(`${await exportTo(options, process.env)}\n`);
    });
  for (const command of audit.commands) command.exitOverride();
}
