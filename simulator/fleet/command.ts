import { type Command, InvalidArgumentError } from "commander";
import { DEFAULT_TOPIC_ROOT } from "../../protocols/mqtt/index.ts";
import { brokerOption, rateOption, rootOption, seedOption, siteOption } from "../options.ts";
import { listenForStop } from "../stop-signals.ts";
import type { FleetSummary } from "./fleet.ts";

interface Options {
  readonly broker: string;
  readonly gateways: number;
  readonly rate: number;
  readonly minutes?: number;
  readonly site: string;
  readonly topicRoot: string;
  readonly seed: number;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: true;
}

/** `simulate fleet`, as `cli.md` has it. */
export function registerFleet(simulate: Command): void {
  simulate
    .command("fleet")
    .description(
      "N gateways' traffic, for sizing brokers and central systems: a connection each, statuses with a will, info, health, lane states, and hits in a signed chain. Prints figures at the end; exit 1 where a hit was not acknowledged.",
    )
    .requiredOption("--broker <url>", "broker, e.g. mqtt://127.0.0.1:1883", brokerOption)
    .requiredOption("--gateways <n>", "gateways, 1 to 2000", gatewaysOption)
    .requiredOption("--rate <r>", "hits a second of each gateway", rateOption)
    .option("--minutes <m>", "end after so long (default: until stopped)", minutesOption)
    .option("--site <code>", "their site", siteOption, "XXSIM")
    .option("--topic-root <root>", "topic root", rootOption, DEFAULT_TOPIC_ROOT)
    .option("--seed <s>", "the same seed gives the same items, journals and keys", seedOption, 1)
    .option("--ca <file>", "authority of the broker's certificate, for mqtts:// and wss://")
    .option(
      "--cert <file>",
      "the gateways' certificate, for a broker that asks for one; with --key. {gateway} in a name stands for sim-0001 …: a file for each",
    )
    .option("--key <file>", "its private key")
    .option("--json", "print the figures as one JSON document")
    .action((options: Options) => fleet(options));
}

async function fleet(options: Options): Promise<void> {
  const { runFleet } = await import("./fleet.ts");
  const signals = listenForStop();
  const live = process.stderr.isTTY === true;
  try {
    const summary = await runFleet(
      {
        ...options,
        root: options.topicRoot,
        minutes: options.minutes ?? null,
        tls: { ca: options.ca, cert: options.cert, key: options.key },
        ...(live ? { onProgress: ({ hits, acknowledged }) => showProgress(hits, acknowledged) } : {}),
      },
      signals.stop,
    );
    if (live) process.stderr.write("\n");
    process.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : `${describe(summary)}\n`);
    const short = summary.acknowledged < summary.hits || summary.connections < summary.gateways;
    process.exitCode = signals.received() === "SIGINT" ? 130 : short ? 1 : 0;
  } finally {
    signals.release();
  }
}

function showProgress(hits: number, acknowledged: number): void {
  process.stderr.write(`\r${acknowledged} of ${hits} hits acknowledged`);
}

function describe(summary: FleetSummary): string {
  const { gateways, seconds, hits, acknowledged, hitsPerSecond, pubackMs, bytes } = summary;
  const ms = (value: number | null) => (value === null ? "-" : `${value} ms`);
  return [
    `gateways     ${gateways}, ${summary.connections} connections, ${summary.lostConnections} lost on the way`,
    `hits         ${acknowledged} of ${hits} acknowledged in ${seconds} s, ${hitsPerSecond} a second, ${summary.resent} sent again, ${summary.heldBack} held back`,
    `PUBACK       p50 ${ms(pubackMs.p50)}, p95 ${ms(pubackMs.p95)}, p99 ${ms(pubackMs.p99)}`,
    `states       ${summary.states}`,
    `receipts     ${summary.receipts} messages`,
    `volume       ${(bytes / 1e6).toFixed(1)} MB, ${Math.round(bytes / 1000 / Math.max(seconds, 0.001))} kB a second`,
  ].join("\n");
}

function gatewaysOption(text: string): number {
  const value = Number(text);
  if (/^\d{1,4}$/.test(text) && value >= 1 && value <= 2000) return value;
  throw new InvalidArgumentError("Give a whole number from 1 to 2000.");
}

function minutesOption(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 14_400) return value;
  throw new InvalidArgumentError("Give minutes, at most 14400.");
}
