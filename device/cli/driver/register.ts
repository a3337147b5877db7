import type { Command } from "commander";

/** `lynceus driver …`: the vendor kit on the command line. */
export function registerDriver(program: Command): void {
  const driver = program
    .command("driver")
    .description("For vendors: scanner drivers as modules of their own")
    .exitOverride();
  driver
    .command("test")
    .description("Run the conformance suite against a driver module; exit 1 where a rule does not hold")
    .argument("<module>", "a package name, or a file by ./PATH")
    .option("--json", "print one JSON object a line")
    .exitOverride()
    .action(async (module: string, options: { json?: boolean }) => {
      const { runDriverTest } = await import("./test.ts");
      process.exitCode = await runDriverTest(module, options);
    });
  driver
    .command("template")
    .description("Print a driver to start from")
    .exitOverride()
    .action(async () => {
      const { DRIVER_TEMPLATE } = await import("../../scanner/module/template.ts");
      process.stdout.write(DRIVER_TEMPLATE);
    });
}
