import type { Command } from "commander";

interface Options {
  readonly config: string;
  readonly json?: boolean;
}
type ReadingOptions = Omit<Options, "config"> & { readonly config?: string };

const CONFIG = "--config <file>";

/** `lynceus models`: the model packages of this gateway, whether it runs or not. */
export function registerModels(program: Command): void {
  const models = program
    .command("models")
    .description("Model packages on this gateway: list, verify, install, activate, roll back")
    .addHelpText(
      "after",
      "\nA gateway that runs takes up what is changed here within seconds, and alerts central. How packages are released,\n" +
        "trusted and tried before they decide: device/models/README.md.",
    );
  const add = (name: string, description: string, more = (command: Command) => command): Command =>
    more(models.command(name).description(description))
      .option(CONFIG, "configuration file (YAML)", "lynceus.yaml")
      .option("--json", "print one JSON document");
  const read = (name: string, description: string): Command =>
    models
      .command(name)
      .description(description)
      .option(CONFIG, "configuration file (YAML); else lynceus.yaml, else what comes with the project")
      .option("--json", "print one JSON document");

  read("list", "What is there: which version decides, what is on trial and how it compares").action(
    async (options: ReadingOptions) => (await import("./run.ts")).list(options),
  );
  read(
    "verify [package...]",
    "Verify packages: digests, signature, bounds of the graph, golden inputs in a process of their own; exit 1 where one fails. " +
      "PACKAGE: an archive, a folder, NAME or NAME@VERSION; without any, all that are there",
  ).action(async (packages: string[], options: ReadingOptions) =>
    (await import("./run.ts")).verify(packages, options),
  );
  add(
    "install <file>",
    "Install a package: an archive NAME-VERSION.tar.gz (one in the targets/ folder of a repository on a stick is checked by that " +
      "repository), or the name of a target of models.sources. It is verified; what runs goes on running",
    (command) =>
      command.option(
        "--source <folder>",
        "take the target from this folder or URL instead of models.sources",
      ),
  ).action(async (file: string, options: Options & { source?: string }) =>
    (await import("./run.ts")).install(file, options),
  );
  add(
    "activate <name@version>",
    "Make an installed package the one that decides; the one before stays for rollback",
  ).action(async (which: string, options: Options) =>
    (await import("./run.ts")).activatePackage(which, options),
  );
  add("rollback <name>", "Go back to the package before; a canary is taken off its scans").action(
    async (name: string, options: Options) => (await import("./run.ts")).rollBackPackage(name, options),
  );
}
