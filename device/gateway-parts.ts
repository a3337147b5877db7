import { join } from "node:path";
import type { BrokerConfig, Config, LaneConfig } from "./config/schema.ts";
import { linkTls, readSecret, readSecretText } from "./config/secrets.ts";
import { fusionSettings } from "./fusion/settings.ts";
import type { MassCalibration } from "./image/mass-calibration.ts";
import { PausedLanes } from "./lane/paused-lanes.ts";
import type { LaneScoring } from "./lane/scorer.ts";
import type { Log } from "./log.ts";
import { openPeripheral } from "./peripheral/open.ts";
import type { Peripheral } from "./peripheral/port.ts";
import { MachineWatch } from "./profile/watch.ts";
import type { Profiles } from "./profiles/profiles.ts";
import { createLineScanDriver } from "./scanner/line-scan/driver.ts";
import type { ScannerDriver } from "./scanner/port.ts";
import type { ScanStore } from "./spool/port.ts";
import { openTransport } from "./transport/open.ts";
import type { Credentials } from "./uplink/connection-options.ts";

/** Where drivers find what is the gateway's. */
interface DriverSite {
  readonly spoolPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The driver that the lane's configuration names, with the machine's profile where it names one. */
export async function driverOf(
  lane: LaneConfig,
  store: ScanStore,
  clock: () => number,
  log: Log,
  site: DriverSite,
): Promise<ScannerDriver> {
  const driver = await plainDriverOf(lane, store, clock, log, site);
  const { scanner } = lane;
  if (!("profile" in scanner) || scanner.profile === undefined) return driver;
  const { readProfile } = await import("./profile/load.ts");
  const { profiledDriver } = await import("./profile/profiled-driver.ts");
  return profiledDriver({ driver, loaded: await readProfile(scanner.profile), clock, log });
}

async function plainDriverOf(
  lane: LaneConfig,
  store: ScanStore,
  clock: () => number,
  log: Log,
  site: DriverSite,
): Promise<ScannerDriver> {
  const { scanner } = lane;
  if (scanner.driver === "dicom") {
    const { dicomDriverOf } = await import("./scanner/dicom/of-config.ts");
    return dicomDriverOf(scanner, { lane: lane.id, ...site, store, clock, log });
  }
  if (scanner.driver === "module") {
    const { loadDriverModule } = await import("./scanner/module/load.ts");
    const module = await loadDriverModule(scanner.module, process.cwd());
    const { options, maxScanBytes, maxCalibrationAge } = scanner;
    return module.createDriver({
      lane: lane.id,
      options,
      store,
      maxScanBytes,
      maxCalibrationAgeMs: maxCalibrationAge,
      clock,
      log,
      transport: (url) => openTransport(url),
    });
  }
  if (scanner.driver === "folder") {
    // Only this driver decodes image files: the library for it is loaded where a lane needs it.
    const { createFolderDriver } = await import("./scanner/folder/driver.ts");
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
    transport: openTransport(scanner.transport, {
      from: scanner.allow.from,
      tls: linkTls(scanner.tls, site.env),
    }),
    store,
    serials: scanner.allow.serials,
    maxScanBytes: scanner.maxScanBytes,
    maxCalibrationAgeMs: scanner.maxCalibrationAge,
    clock,
    log,
  });
}

/** The readers, scales, portals and cameras of a lane; its conveyor is with its tracking. */
export async function peripheralsOf(
  lane: LaneConfig,
  clock: () => number,
  log: Log,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Peripheral[]> {
  const opened = lane.peripherals.map(async (each): Promise<readonly Peripheral[]> => {
    if (each.kind === "conveyor") return [];
    if (each.kind !== "camera") {
      const tls = linkTls("tls" in each ? each.tls : undefined, env);
      return [openPeripheral({ ...each, transport: openTransport(each.transport, { tls }), clock, log })];
    }
    // Only lanes with a camera load what decodes pictures.
    const { Camera } = await import("./peripheral/camera/camera.ts");
    return [new Camera({ ...each, url: each.transport, clock, log })];
  });
  return (await Promise.all(opened)).flat();
}

/** Which lanes central has paused, kept in the spool's folder. */
export function pausedLanesOf(
  config: Pick<Config, "lanes" | "spool">,
  clock: () => number,
  log: Log,
): PausedLanes {
  const lanes = config.lanes.map(({ id }) => id);
  return new PausedLanes({ lanes, file: join(config.spool.path, "lanes", "paused.json"), clock, log });
}

/** What watches the lane's machine by its images; limits are those of its profile. */
export async function machineWatchOf(lane: LaneConfig, spoolPath: string, log: Log): Promise<MachineWatch> {
  const { scanner } = lane;
  const file = "profile" in scanner ? scanner.profile : undefined;
  const profile = file === undefined ? null : (await import("./profile/load.ts")).readProfile(file);
  const limits = (await profile)?.profile.limits ?? {};
  return new MachineWatch({ path: join(spoolPath, "machines", `${lane.id}.json`), limits, log });
}

/** How the lane's scans are scored. */
export function scoringOf(lane: LaneConfig, profiles: Pick<Profiles, "settings">): LaneScoring {
  const own = fusionSettings(lane.fusion);
  return {
    // Read for each score: a profile that came into force meanwhile counts from the next one on.
    get settings() {
      return profiles.settings(own);
    },
    decideOnSynthetic: lane.decideOnSynthetic,
  };
}

/** Reads the credentials of one role's connection anew, so that rotated ones are used. Throws LYN_SECRET_UNREADABLE. */
export async function credentialsOf(
  broker: BrokerConfig,
  role: "hit" | "bulk" | "in",
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials> {
  const { tls } = broker;
  const own = tls?.roles[role];
  const read = (reference: string | undefined) =>
    reference === undefined ? undefined : readSecret(reference, env);
  const [password, ca, cert, key, crl] = await Promise.all([
    broker.passwordFile === undefined ? undefined : readSecretText(broker.passwordFile, env),
    read(tls?.ca),
    read(own?.cert ?? tls?.cert),
    read(own?.key ?? tls?.key),
    read(tls?.crl),
  ]);
  return {
    ...(password === undefined ? {} : { password }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(crl && { crl }),
    minVersion: tls?.minVersion === 1.2 ? "TLSv1.2" : "TLSv1.3",
  };
}

/**
 * The lane's own mass calibration; null where it names none, or one that cannot be read: then no mass by X-ray is called
 * reliable, and the lane runs all the same.
 */
export async function massCalibrationOf(lane: LaneConfig, log: Log): Promise<MassCalibration | null> {
  if (lane.massCalibration === undefined) return null;
  const { readMassCalibration } = await import("./image/mass-file.ts");
  return readMassCalibration(lane.massCalibration).catch((error: unknown) => {
    log.error({ err: error, lane: lane.id }, "the lane's mass calibration cannot be used");
    return null;
  });
}
