import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError } from "commander";
import { LynceusError } from "../../protocols/errors.ts";
import { DEFAULT_TOPIC_ROOT } from "../../protocols/mqtt/index.ts";
import { siteOption } from "../options.ts";
import { listenForStop } from "../stop-signals.ts";
import type { RolloutReport } from "./director.ts";
import type { GatewayResult } from "./plan.ts";

interface Options {
  readonly broker: string;
  readonly site: string;
  readonly topicRoot: string;
  readonly key: string;
  readonly target: string;
  readonly gateways?: string;
  readonly groups: string;
  readonly threshold: number;
  readonly watch: number;
  readonly json?: true;
}

/** How long a gateway has to fetch, verify and load a package, ms. */
const ANSWER_MS = 120_000;

/** `simulate rollout`: a model package to a fleet, as central would bring it there. */
export function registerRollout(simulate: Command): void {
  simulate
    .command("rollout")
    .description(
      "Bring a model package to a fleet, group by group, by signed commands; stops where more of a group fail than the threshold allows. Exit 1 where it stopped.",
    )
    .requiredOption("--broker <url>", "broker, e.g. mqtt://127.0.0.1:1883")
    .requiredOption("--site <code>", "site, e.g. NLRTM-EX", siteOption)
    .requiredOption("--key <file>", "Ed25519 private key (PEM) that gateways trust in trust.central")
    .requiredOption(
      "--target <name>",
      "NAME-VERSION.tar.gz in the repository of the gateways' models.sources",
    )
    .option("--gateways <list>", "ids, by commas (default: all whose info the broker keeps)")
    .option("--groups <sizes>", "how many have it at the end of each group: numbers or shares", "1,10%,100%")
    .option("--threshold <share>", "share of a group that may fail", shareOption, 0)
    .option("--watch <seconds>", "how long a group is watched before the next begins", secondsOption, 600)
    .option("--topic-root <root>", "topic root", DEFAULT_TOPIC_ROOT)
    .option("--json", "print the report as one JSON document")
    .action((options: Options) => rollout(options));
}

async function rollout(options: Options): Promise<void> {
  const [, name = "", version = ""] = /^([a-z0-9-]+?)-(\d+\.\d+\.\d+.*)\.tar\.gz$/.exec(options.target) ?? [];
  if (name === "")
    throw new LynceusError("LYN_USAGE", `${options.target} is no target's name`, {
      remedy: "Name it as NAME-VERSION.tar.gz",
    });
  const { Director } = await import("./director.ts");
  const signals = listenForStop();
  const director = new Director({
    ...options,
    root: options.topicRoot,
    key: createPrivateKey(await readFile(options.key)),
    name,
    version,
    gateways: options.gateways?.split(",") ?? null,
    watchMs: options.watch * 1000,
    answerMs: ANSWER_MS,
    onGroup: (at, results) => process.stderr.write(`group ${at + 1}: ${countsOf(results)}\n`),
  });
  try {
    const report = await director.run(signals.stop);
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : textOf(report));
    process.exitCode = signals.received() === "SIGINT" ? 130 : report.state === "done" ? 0 : 1;
  } finally {
    signals.release();
  }
}

function textOf({ target, state, groups, leftAlone }: RolloutReport): string {
  const results = groups.flat();
  const failed = results.flatMap(({ gateway, reason }) =>
    reason === null ? [] : [`  ${gateway}: ${reason}\n`],
  );
  return `${target}: ${state}, ${countsOf(results)}, ${leftAlone.length} left alone\n${failed.join("")}`;
}

function countsOf(results: readonly GatewayResult[]): string {
  const failed = results.filter(({ state }) => state === "failed").length;
  return `${results.length - failed} updated, ${failed} failed`;
}

function shareOption(text: string): number {
  const share = Number(text);
  if (!(share >= 0 && share <= 1)) throw new InvalidArgumentError("0 to 1");
  return share;
}

function secondsOption(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0 && seconds <= 604_800)) throw new InvalidArgumentError("seconds, 0 to 604800");
  return seconds;
}
