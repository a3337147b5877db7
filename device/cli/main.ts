import { Command, CommanderError } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { packageVersion } from "../versions.ts";
import { registerAudit } from "./audit/register.ts";
import { registerCalibrate } from "./calibrate/register.ts";
import { registerCheck } from "./check.ts";
import { registerDeclarations } from "./declarations/register.ts";
import { registerDemo } from "./demo/register.ts";
import { registerDicom } from "./dicom/register.ts";
import { registerDoctor } from "./doctor/register.ts";
import { registerDriver } from "./driver/register.ts";
import { registerEnroll } from "./enroll.ts";
import { registerEvaluate } from "./evaluate/register.ts";
import { registerExport } from "./export.ts";
import { registerInference } from "./inference/register.ts";
import { registerModels } from "./models/register.ts";
import { registerOutbox } from "./outbox.ts";
import { registerRecord } from "./record/register.ts";
import { registerReplay } from "./replay/register.ts";
import { registerReport } from "./report/register.ts";
import { registerRun } from "./run.ts";
import { registerScan } from "./scan/register.ts";
import { registerSimulate } from "./simulate.ts";
import { registerWatch } from "./watch.ts";

/** Exit codes of `cli.md`. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Codes that mean wrong usage, invalid configuration or a missing path. */
const USAGE_CODES: readonly string[] = [
  "LYN_USAGE",
  "LYN_CONFIG_INVALID",
  "LYN_CONFIG_UNREADABLE",
  "LYN_PATH_MISSING",
  "LYN_SCANNER_PROFILE",
  "LYN_SPOOL_MISSING",
];

/** Runs the command line and sets `process.exitCode`; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    process.exitCode = explain(error);
  }
}

/** The whole command tree; each command loads what it needs when it runs, so that `--help` is quick. */
export function createProgram(): Command {
  const program = new Command("lynceus")
    .description("Open edge runtime for X-ray and other non-intrusive inspection scanners")
    .version(packageVersion(), "-V, --version")
    .exitOverride()
    .showHelpAfterError("(see --help)")
    .addHelpText(
      "after",
      "\nStart with `lynceus demo`. A first configuration: `lynceus run --help`. Exit codes: 0 done, 1 the work failed,\n2 wrong usage or configuration, 130 interrupted.",
    );
  registerDemo(program);
  registerRun(program);
  registerCheck(program);
  registerCalibrate(program);
  registerScan(program);
  registerEvaluate(program);
  registerWatch(program);
  registerModels(program);
  registerOutbox(program);
  registerAudit(program);
  registerInference(program);
  registerReport(program);
  registerExport(program);
  registerReplay(program);
  registerDeclarations(program);
  registerDicom(program);
  registerDoctor(program);
  registerDriver(program);
  registerRecord(program);
  registerEnroll(program);
  registerSimulate(program);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** What the system says of a path that is not there, of another kind, or of somebody else. */
const PATH_ERRORS: readonly unknown[] = ["ENOENT", "ENOTDIR", "EISDIR", "EEXIST", "EACCES", "EPERM", "EROFS"];

function isPathError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "path" in error && "code" in error && PATH_ERRORS.includes(error.code);
}

/** Says what failed on stderr and gives the exit code. Stack traces are for LYNCEUS_DEBUG=1 only. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (process.env["LYNCEUS_DEBUG"] === "1") console.error(error);
  if (error instanceof LynceusError) {
    process.stderr.write(`error ${error.code}: ${error.message}\n  remedy: ${error.remedy}\n`);
    return USAGE_CODES.includes(error.code) ? EXIT.usage : EXIT.failed;
  }
  if (isPathError(error)) {
    process.stderr.write(
      `error LYN_PATH_MISSING: ${error.message}\n  remedy: check the path, and that this user may read or write there\n`,
    );
    return EXIT.usage;
  }
  process.stderr.write(
    `error: ${(error as Error).message ?? String(error)}\n  remedy: run again with LYNCEUS_DEBUG=1 for the details, and report them\n`,
  );
  return EXIT.failed;
}
