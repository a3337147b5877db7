import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { probeBroker } from "./broker.ts";
import { probePeripheral, probeScanner } from "./devices.ts";
import { type Finding, failed } from "./finding.ts";
import { probeProfile, profileOf } from "./profile.ts";
import { probeClock, probeDisk, probeModels, probeSigning, probeTls } from "./site.ts";
import { probeTrust } from "./trust.ts";

/** Probes everything at once and prints in the order of the configuration; returns the exit code. */
export async function doctor(file: string, options: { json?: boolean }): Promise<number> {
  const config = await loadConfig(file);
  let faults = 0;
  for (const probe of probesOf(config)) {
    for (const finding of await probe) {
      if (finding.state === "fault") faults += 1;
      process.stdout.write(options.json === true ? `${JSON.stringify(finding)}\n` : lineOf(finding));
    }
  }
  return faults === 0 ? 0 : 1;
}

function probesOf(config: Config): readonly Promise<readonly Finding[]>[] {
  const { env } = process;
  const one = (what: string, probe: Promise<Finding>): Promise<readonly Finding[]> =>
    probe
      .catch((error: unknown) => failed(what, error, "Report this with the configuration"))
      .then((each) => [each]);
  return [
    one("broker", probeBroker(config, env)),
    one("broker.tls", probeTls(config, env)),
    ...config.lanes.flatMap((lane) => [
      one(`${lane.id} scanner`, probeScanner(`${lane.id} scanner`, lane)),
      ...[profileOf(lane)].flatMap((profile) =>
        profile === null
          ? []
          : [one(`${lane.id} profile`, probeProfile(`${lane.id} profile`, profile, Date.now()))],
      ),
      ...lane.peripherals.map((each) =>
        one(`${lane.id} ${each.id}`, probePeripheral(`${lane.id} ${each.id}`, each)),
      ),
    ]),
    probeModels(config, env),
    one("disk", probeDisk(config)),
    one("clock", probeClock()),
    one("signing", probeSigning(config, env)),
    probeTrust(config, env),
  ];
}

function lineOf({ what, state, found, remedy }: Finding): string {
  const head = `${state.padEnd(8)}${what}: ${found}\n`;
  return remedy === null ? head : `${head}        remedy: ${remedy}\n`;
}
