import { type Command, Option } from "commander";
import type { ConvertOptions } from "./convert.ts";

/** `lynceus declarations`: what senders have, made into `customs-aed/1.0`. */
export function registerDeclarations(program: Command): void {
  const declarations = program
    .command("declarations")
    .description("Advance data: make customs-aed/1.0 out of tables, CN 23 or ITMATT, WCO and IATA messages");
  declarations
    .command("convert")
    .description(
      "Reads messages of senders and prints one declaration a line, or publishes them. Names, streets, telephones and e-mail go no further: parties become tokens (--key), goods texts are scrubbed. Exit 1 where a part of a message could not be used.",
    )
    .argument("[file...]", "messages in UTF-8")
    .addOption(
      new Option("--format <format>", "what they are; otherwise told by their content").choices([
        "csv",
        "itmatt",
        "wco",
        "xfzb",
      ]),
    )
    .option("--map <file>", "column map of a table (JSON): which column is what")
    .option("--targets", "print what a column can be, and end")
    .addOption(
      new Option("--direction <direction>", "where the messages do not say it").choices([
        "import",
        "export",
        "transit",
        "transhipment",
      ]),
    )
    .addOption(
      new Option("--flow <flow>", "where the messages do not say it").choices([
        "postal",
        "express",
        "air_cargo",
        "container",
        "road_rail",
      ]),
    )
    .option(
      "--key <file>",
      "secret of at least 32 bytes for the tokens of parties; without it they have none",
    )
    .option("--epoch <name>", "name of the key's period, before each token", "k1")
    .option("--retain-days <n>", "how long gateways may keep them", "30")
    .option("--purpose <text>", "what they are kept for", "risk_assessment")
    .option("--broker <url>", "publish them instead of printing them (mqtt:// mqtts:// ws:// wss://)")
    .option("--site <code>", "site to publish for")
    .option("--topic-root <root>", "first level of the topics", "nii")
    .option("--username <name>", "user at the broker")
    .option("--password-file <file>", "its password: a file or env:NAME")
    .option("--ca <file>", "authority of the broker's certificate, for mqtts:// and wss://")
    .option("--cert <file>", "own certificate, for a broker that asks for one; with --cert-key")
    .option("--cert-key <file>", "its private key")
    .option("--json", "print the findings of each declaration beside it: { declaration, findings, scrubbed }")
    .action(async (files: string[], options: ConvertOptions) => {
      const { convert } = await import("./convert.ts");
      process.exitCode = await convert(files, options);
    });
}
