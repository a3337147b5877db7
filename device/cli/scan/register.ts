import type { Command } from "commander";
import { LynceusError } from "../../../protocols/errors.ts";

interface Options {
  readonly declaration?: string;
  readonly models?: string;
  readonly render?: string;
  readonly scannerProfile?: string;
  readonly json?: boolean;
}

/** `lynceus scan`: image files to hit payloads, without a broker. */
export function registerScan(program: Command): void {
  program
    .command("scan")
    .description(
      "Analyse image files without a broker; prints one hit payload a scan, one JSON object a line",
    )
    .argument(
      "<input...>",
      "DICOS or DICOM objects, PNG, TIFF or JPEG images, pairs as low.tif,high.tif, or folders of these",
    )
    .option("--declaration <file>", "customs-aed/1.0 declaration of the item, JSON")
    .option("--models <dir>", "folder of model packages used instead of those that come with the project")
    .option("--render <dir>", "write what an analyst would look at into this folder, PNG")
    .option(
      "--scanner-profile <file>",
      "what the machine is like, as scanner.profile of a lane: raw counts with their frames, orientation, pitch, palette",
    )
    .option("--json", "results only: no summary on stderr (errors and warnings are still said)")
    .addHelpText(
      "after",
      "\nDICOM objects of one Scan Instance UID make one scan. Pairs are also found by name: NAME.low.EXT with NAME.high.EXT. The air level is read from NAME.json {airLevel},\n" +
        "else estimated from the image. Exit 1 when an image could not be read (the others are done), 2 for a missing path.",
    )
    .action(async (inputs: readonly string[], options: Options) => {
      const [{ runScan }, { builtInModels }] = await Promise.all([
        import("./run.ts"),
        import("../../inference/built-in.ts"),
      ]);
      // Whoever read the results went away (`| head`): nothing is left to do, and nobody wants a stack trace.
      process.stdout.on("error", () => process.exit(1));
      const sound = await runScan({
        inputs,
        ...(options.declaration !== undefined && { declaration: options.declaration }),
        models: [await modelsFolder(options.models, builtInModels())],
        ...(options.render !== undefined && { render: options.render }),
        ...(options.scannerProfile !== undefined && { scannerProfile: options.scannerProfile }),
        out: (line) => process.stdout.write(`${line}\n`),
        say: (text) => {
          if (!options.json || /^(error|warning)/.test(text)) process.stderr.write(text);
        },
      });
      if (!sound) process.exitCode = 1;
    });
}

async function modelsFolder(given: string | undefined, builtIn: string): Promise<string> {
  if (given === undefined) return builtIn;
  const { stat } = await import("node:fs/promises");
  const info = await stat(given).catch(() => null);
  if (info?.isDirectory()) return given;
  throw new LynceusError("LYN_PATH_MISSING", `${given} is no folder of model packages`, {
    remedy: "Check the path given with --models.",
  });
}
