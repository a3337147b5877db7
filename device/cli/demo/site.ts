import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Site, gateway and lane of the demo. */
export const SITE = "NLRTM-EX";
const GATEWAY = "gw-01";
const LANE = "lane-1";

/** The demo's folder: spool, configuration, truth, central's file, logs. */
export interface DemoSite {
  readonly folder: string;
  readonly config: string;
  readonly truth: string;
  readonly central: string;
  log(part: string): string;
  remove(): void;
}

export function createSite(): DemoSite {
  const folder = mkdtempSync(join(tmpdir(), "lynceus-demo-"));
  return {
    folder,
    config: join(folder, "lynceus.yaml"),
    truth: join(folder, "truth.ndjson"),
    central: join(folder, "central.ndjson"),
    log: (part) => join(folder, `${part}.log`),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Writes the gateway's configuration: one lane of a scanner, a barcode reader and a scale. Addresses are `HOST:PORT`. */
export function writeConfiguration(
  site: DemoSite,
  addresses: {
    readonly broker: string;
    readonly scanner: string;
    readonly barcode: string;
    readonly scale: string;
    /** null: none */
    readonly console: string | null;
  },
): void {
  writeFileSync(
    site.config,
    `schema: lynceus-config/1
gateway: { site: ${SITE}, id: ${GATEWAY} }
broker: { url: "${addresses.broker}" }
spool: { path: spool, maxBytes: 5GB, minFreeBytes: 100MB }
${addresses.console === null ? "" : `console: { listen: "${addresses.console}" }\n`}lanes:
  - id: ${LANE}
    scanner: { driver: line-scan, transport: "tcp://${addresses.scanner}" }
    peripherals:
      - { id: label, kind: barcode, protocol: line, transport: "tcp://${addresses.barcode}" }
      - { id: scale, kind: scale, protocol: mt-sics, transport: "tcp://${addresses.scale}" }
    massCalibration: usual     # the simulated machine is what this calibration was made from
    decideOnSynthetic: true    # a test site: the simulator's scans are decided as if they were real
    # One simulated parcel in five is irregular; on real traffic the prior is a hundredth or less.
    fusion: { prior: 0.2, bands: { medium: 0.3, high: 0.6 }, floor: { firearm: 0.8, blade: 0.8, narcotic: 0.8 } }
`,
  );
}
