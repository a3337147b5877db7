import { type Command, Option } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { addressOption, countOption, rateOption, seedOption } from "../options.ts";
import type { Address } from "../peripherals/address.ts";
import { listenForStop } from "../stop-signals.ts";
import { describeReport, type ScannerReport } from "./report.ts";

/** Items per second without `--rate`. */
const DEFAULT_RATE = 0.5;

interface Options {
  readonly protocol: "line-scan" | "dicom";
  readonly calledAe: string;
  readonly callingAe: string;
  readonly listen?: Address;
  readonly connect?: Address;
  readonly scans?: number;
  readonly rate: number;
  readonly seed: number;
  readonly truth?: string;
  readonly faults?: string;
  readonly barcode?: Address;
  readonly scale?: Address;
  readonly conveyor?: Address;
  readonly radiation?: Address;
  readonly json?: true;
}

/** `simulate scanner`, as `cli.md` has it. */
export function registerScanner(simulate: Command): void {
  simulate
    .command("scanner")
    .description(
      "A parcel scanner that speaks the line-scan protocol, with its barcode reader and scale. Ends when all scans are acknowledged.",
    )
    .addOption(
      new Option("--protocol <name>", "protocol of the link")
        .choices(["line-scan", "dicom"])
        .default("line-scan"),
    )
    .addOption(
      new Option("--listen <host:port>", "wait for the gateway here (port 0: a free one)").argParser(
        addressOption,
      ),
    )
    .addOption(
      new Option("--connect <host:port>", "connect to the gateway")
        .argParser(addressOption)
        .conflicts("listen"),
    )
    .option("--scans <n>", "items to scan; without it, until stopped", countOption)
    .option("--rate <r>", "items per second; the belt runs as fast as that needs", rateOption, DEFAULT_RATE)
    .option("--seed <s>", "the same seed gives the same items", seedOption, 1)
    .option(
      "--truth <file>",
      "append what is really in each item, one JSON object a line, before it is scanned",
    )
    .option("--faults <file>", "fault script (simulator/README.md)")
    .option("--barcode <host:port>", "the barcode reader listens here", addressOption)
    .option("--scale <host:port>", "the scale (MT-SICS) listens here", addressOption)
    .option(
      "--conveyor <host:port>",
      "items ride a belt with photo-eyes and a diverter, whose controller (Modbus TCP) listens here",
      addressOption,
    )
    .option("--called-ae <title>", "AE title of the gateway (protocol dicom)", "LYNCEUS")
    .option("--calling-ae <title>", "AE title of the scanner (protocol dicom)", "SIMULATOR")
    .addOption(
      new Option(
        "--radiation <host:port>",
        "the radiation portal (VM-250-type lines) listens here; without --conveyor an item needs 1.2 s more",
      ).argParser(addressOption),
    )
    .option("--json", "print every event as one JSON object a line")
    .action((options: Options) => scanner(options));
}

async function scanner(options: Options): Promise<void> {
  if (options.protocol === "dicom") return dicomScanner(options);
  if (options.listen === undefined && options.connect === undefined) {
    throw new LynceusError("LYN_USAGE", "simulate scanner has no link", {
      remedy: "Give --listen HOST:PORT or --connect HOST:PORT",
    });
  }
  const [{ runScanner }, { FaultScript, readFaultScript }] = await Promise.all([
    import("./run.ts"),
    import("./faults.ts"),
  ]);
  const faults = options.faults === undefined ? new FaultScript([]) : readFaultScript(options.faults);
  const signals = listenForStop();
  try {
    const summary = await runScanner(
      {
        listen: options.listen ?? null,
        connect: options.connect ?? null,
        barcode: options.barcode ?? null,
        scale: options.scale ?? null,
        radiation: options.radiation ?? null,
        conveyor: options.conveyor ?? null,
        scans: options.scans ?? Number.POSITIVE_INFINITY,
        rate: options.rate,
        seed: options.seed,
        truth: options.truth ?? null,
        faults,
        report: options.json === true ? printJson : printText,
      },
      signals.stop,
    );
    const complete = options.scans === undefined || summary.acknowledged === options.scans;
    if (signals.received() === "SIGINT") process.exitCode = 130;
    else process.exitCode = complete && summary.outstanding === 0 ? 0 : 1;
  } finally {
    signals.release();
  }
}

/** A DICOM scanner has no peripherals of its own and calls the gateway, which listens. */
async function dicomScanner(options: Options): Promise<void> {
  const { connect, scans, rate, seed, faults, barcode, scale, conveyor } = options;
  if ((connect === undefined || faults !== undefined || barcode) ?? scale ?? conveyor) {
    throw new LynceusError(
      "LYN_USAGE",
      "a DICOM scanner connects, and has no peripherals and no fault script",
      {
        remedy: "Give --connect HOST:PORT, where the gateway's lane listens, and leave the others out",
      },
    );
  }
  const { runDicomScanner } = await import("./dicom/run.ts");
  const signals = listenForStop();
  try {
    const summary = await runDicomScanner(
      {
        connect,
        called: options.calledAe,
        calling: options.callingAe,
        scans: scans ?? Number.POSITIVE_INFINITY,
        rate,
        seed,
        truth: options.truth ?? null,
        report: options.json === true ? printJson : printText,
      },
      signals.stop,
    );
    const complete = scans === undefined || summary.acknowledged === scans;
    if (signals.received() === "SIGINT") process.exitCode = 130;
    else process.exitCode = complete && summary.outstanding === 0 ? 0 : 1;
  } finally {
    signals.release();
  }
}

function printJson(report: ScannerReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** Acknowledgements and the summary are results; the rest is talk. */
function printText(report: ScannerReport): void {
  const text = describeReport(report);
  if (text === null) return;
  const result = report.event === "acknowledged" || report.event === "summary";
  (result ? process.stdout : process.stderr).write(`${text}\n`);
}
