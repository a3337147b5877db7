import { existsSync } from "node:fs";
import { LynceusError } from "../../../protocols/errors.ts";
import { type CheckResult, testDriver } from "../../scanner/module/conformance/suite.ts";
import { loadDriverModule } from "../../scanner/module/load.ts";

/** Runs the suite and prints a line a rule; returns the exit code. */
export async function runDriverTest(name: string, options: { json?: boolean }): Promise<number> {
  if (/^[./]/.test(name) && !existsSync(name))
    throw new LynceusError("LYN_PATH_MISSING", `There is no driver module ${name}`, {
      remedy: "Name a file by ./PATH, or a package that is installed here.",
    });
  const module = await loadDriverModule(name, process.cwd());
  const { createPeer } = module;
  if (createPeer === undefined) {
    throw new LynceusError(
      "LYN_DRIVER_MODULE",
      `Driver module ${name} brings no machine to test it against`,
      {
        remedy: "Export createPeer: a stand-in for the machine, as the interface ConformancePeer says",
        details: { module: name },
      },
    );
  }
  let failed = 0;
  let passed = 0;
  for await (const result of testDriver(module, createPeer)) {
    if (result.ok) passed += 1;
    else failed += 1;
    process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : lineOf(result));
  }
  if (options.json !== true) process.stdout.write(`${module.name}: ${passed} rules hold, ${failed} do not\n`);
  return failed === 0 ? 0 : 1;
}

function lineOf({ ok, name, found, milliseconds }: CheckResult): string {
  return ok ? `ok     ${name} (${milliseconds} ms)\n` : `FAULT  ${name}\n       ${found}\n`;
}
