import type { Command } from "commander";

/** `lynceus dicom`: looks into DICOS and DICOM objects and checks them. */
export function registerDicom(program: Command): void {
  const dicom = program
    .command("dicom")
    .description("Shows a DICOS or DICOM object, or checks it rule by rule");
  dicom
    .command("dump")
    .description("All attributes of a file, with the names that DICOS gives them")
    .argument("<file>", "a Part 10 file (.dcs, .dcm)")
    .option("--json", "print one JSON document")
    .action(async (file: string, options: { json?: boolean }) => {
      const { dumpFile } = await import("./commands.ts");
      process.stdout.on("error", () => process.exit(1));
      process.stdout.write(await dumpFile(file, options.json === true));
    });
  dicom
    .command("validate")
    .description(
      "Checks files rule by rule, with remedies; reports are checked against the images given with them",
    )
    .argument("<file...>", "Part 10 files (.dcs, .dcm)")
    .option("--json", "print one JSON object a file, one a line")
    .addHelpText(
      "after",
      "\nExit 0 without errors (warnings may be said), 1 with errors or an unreadable file.",
    )
    .action(async (files: readonly string[], options: { json?: boolean }) => {
      const { validateFiles } = await import("./commands.ts");
      process.stdout.on("error", () => process.exit(1));
      const { text, sound } = await validateFiles(files, options.json === true);
      process.stdout.write(text);
      if (!sound) process.exitCode = 1;
    });
  for (const command of dicom.commands) command.exitOverride();
}
