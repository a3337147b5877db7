import type { Command } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { DEFAULT_TOPIC_ROOT } from "../../protocols/mqtt/index.ts";
import { brokerOption, rootOption, siteOption } from "../options.ts";
import { listenForStop } from "../stop-signals.ts";
import type { SignedProfile } from "./profile.ts";
import { type CustomsReport, describeReport } from "./report.ts";

interface Options {
  readonly broker: string;
  readonly site: string;
  readonly topicRoot: string;
  readonly truth?: string;
  readonly receipts?: true;
  readonly out?: string;
  readonly profile?: string;
  readonly profileKey?: string;
  readonly witnessKey?: string;
  readonly messageKey?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: true;
}

/** `simulate customs`, as `cli.md` has it. */
export function registerCustoms(simulate: Command): void {
  simulate
    .command("customs")
    .description(
      "A central customs system: publishes the declarations of the truth file, takes hits and alerts, sends receipts once they are on disk, and outcomes. Runs until stopped; a broker that is away is waited for.",
    )
    .requiredOption("--broker <url>", "broker, e.g. mqtt://127.0.0.1:1883", brokerOption)
    .requiredOption("--site <code>", "site, e.g. NLRTM-EX", siteOption)
    .option("--ca <file>", "authority of the broker's certificate, for mqtts:// and wss://")
    .option("--cert <file>", "central's certificate, for a broker that asks for one; with --key")
    .option("--key <file>", "its private key")
    .option("--topic-root <root>", "topic root", rootOption, DEFAULT_TOPIC_ROOT)
    .option("--truth <file>", "truth file of the simulated scanner; may grow, may not be there yet")
    .option("--receipts", "announce and send receipts; needs --out")
    .option("--out <file>", "append each hit and alert once, as one JSON object a line")
    .option(
      "--profile <file>",
      "publish a risk profile, retained: JSON of lynceus-profile/1.0; needs --profile-key",
    )
    .option(
      "--profile-key <file>",
      "Ed25519 private key (PEM) that signs it; made where there is none, with its public part in FILE.pub for trust.central",
    )
    .option(
      "--witness-key <file>",
      "Ed25519 key (PEM; made where there is none) that co-signs checkpoints once all their rows are here",
    )
    .option(
      "--message-key <file>",
      "Ed25519 key (PEM; made where there is none, its public part in FILE.pub) that signs declarations, outcomes and receipts, for gateways with trust.require",
    )
    .option("--json", "print every event as one JSON object a line")
    .action((options: Options) => customs(options));
}

async function customs(options: Options): Promise<void> {
  if (options.receipts === true && options.out === undefined) {
    throw new LynceusError("LYN_USAGE", "--receipts says that hits are on disk, but there is no --out", {
      remedy: "Name a file with --out, or leave --receipts out",
    });
  }
  const profile = await profileOf(options);
  const { signingKey } = await import("./profile.ts");
  const { Customs } = await import("./customs.ts");
  const { readTlsFiles } = await import("./tls-files.ts");
  const signals = listenForStop();
  const report = options.json === true ? printJson : printText;
  const central = new Customs({
    broker: options.broker,
    site: options.site,
    root: options.topicRoot,
    truth: options.truth ?? null,
    receipts: options.receipts === true,
    out: options.out ?? null,
    profile,
    tls: await readTlsFiles({ ca: options.ca, cert: options.cert, key: options.key }),
    messageKey: options.messageKey === undefined ? null : await signingKey(options.messageKey),
    witnessKey: options.witnessKey === undefined ? null : await signingKey(options.witnessKey),
    report,
  });
  try {
    const counts = await central.run(signals.stop);
    report({ event: "summary", ...counts });
    process.exitCode = signals.received() === "SIGINT" ? 130 : 0;
  } finally {
    signals.release();
  }
}

async function profileOf({ profile, profileKey }: Options): Promise<SignedProfile | null> {
  if (profile === undefined && profileKey === undefined) return null;
  if (profile === undefined || profileKey === undefined) {
    throw new LynceusError("LYN_USAGE", "--profile and --profile-key go together", {
      remedy: "Name the profile and the key that signs it, or neither",
    });
  }
  const { signProfile } = await import("./profile.ts");
  return signProfile(profile, profileKey);
}

function printJson(report: CustomsReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/** Hits and the summary are results; the rest is talk. */
function printText(report: CustomsReport): void {
  const text = describeReport(report);
  if (text === null) return;
  const result = report.event === "hit" || report.event === "summary";
  (result ? process.stdout : process.stderr).write(`${text}\n`);
}
