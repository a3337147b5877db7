import type { BrokerConfig, Config, LaneConfig } from "./config/schema.ts";
import { readSecret, readSecretText } from "./config/secrets.ts";
import { fusionSettings } from "./fusion/settings.ts";
import { builtInModels } from "./inference/built-in.ts";
import { InferenceSupervisor } from "./inference/supervisor.ts";
import type { LaneScoring } from "./lane/scorer.ts";
import type { Log } from "./log.ts";
import { openPeripheral } from "./peripheral/open.ts";
import type { Peripheral } from "./peripheral/port.ts";
import { createFolderDriver } from "./scanner/folder/driver.ts";
import { createLineScanDriver } from "./scanner/line-scan/driver.ts";
import type { ScannerDriver } from "./scanner/port.ts";
import type { ScanStore } from "./spool/port.ts";
import { openTransport } from "./transport/open.ts";

/** One child for all lanes: it loads every package a lane names. */
export function inferenceOf(config: Config, log: Log): InferenceSupervisor {
  const names = [...new Set(config.lanes.flatMap((lane) => lane.models))];
  const folders =
    config.models.path === undefined ? [builtInModels()] : [config.models.path, builtInModels()];
  return new InferenceSupervisor({ models: { names, folders }, log });
}

/** The driver that the lane's configuration names. */
export function driverOf(lane: LaneConfig, store: ScanStore, clock: () => number, log: Log): ScannerDriver {
  const { scanner } = lane;
  if (scanner.driver === "folder") {
    return createFolderDriver({
      lane: lane.id,
      path: scanner.path,
      store,
      maxScanBytes: scanner.maxScanBytes,
      clock,
      log,
    });
  }
  return createLineScanDriver({
    lane: lane.id,
    transport: openTransport(scanner.transport, { from: scanner.allow.from }),
    store,
    serials: scanner.allow.serials,
    maxScanBytes: scanner.maxScanBytes,
    maxCalibrationAgeMs: scanner.maxCalibrationAge,
    clock,
    log,
  });
}

/** The readers and scales of a lane. */
export function peripheralsOf(lane: LaneConfig, clock: () => number, log: Log): readonly Peripheral[] {
  return lane.peripherals.map((each) =>
    openPeripheral({ ...each, transport: openTransport(each.transport), clock, log }),
  );
}

/** How the lane's scans are scored. */
export function scoringOf(lane: LaneConfig): LaneScoring {
  return { settings: fusionSettings(lane.fusion), decideOnSynthetic: lane.decideOnSynthetic };
}

/** What a connection authenticates with, read anew for each connection so that rotated secrets are used. */
export interface Credentials {
  readonly password?: string;
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
}

/** Reads the credentials of one role's connection. Throws LYN_SECRET_UNREADABLE. */
export async function credentialsOf(
  broker: BrokerConfig,
  role: "hit" | "bulk" | "in",
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials> {
  const { tls } = broker;
  const own = tls?.roles[role];
  const read = (reference: string | undefined) =>
    reference === undefined ? undefined : readSecret(reference, env);
  const [password, ca, cert, key] = await Promise.all([
    broker.passwordFile === undefined ? undefined : readSecretText(broker.passwordFile, env),
    read(tls?.ca),
    read(own?.cert ?? tls?.cert),
    read(own?.key ?? tls?.key),
  ]);
  return {
    ...(password === undefined ? {} : { password }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}
