import { Listeners } from "../listeners.ts";
import type { Log } from "../log.ts";
import type { Capture, Scan } from "../scan.ts";
import type {
  ScanEnded,
  ScanLost,
  ScannerDriver,
  ScannerEvent,
  ScannerMachine,
  ScannerState,
  ScanResult,
} from "../scanner/port.ts";
import { CalibrationAge } from "./age.ts";
import { type Applied, applyProfile } from "./apply.ts";
import { CalibrationFrames } from "./frames.ts";
import type { LoadedProfile } from "./load.ts";
import { planeFiles } from "./planes.ts";

export interface ProfiledOptions {
  readonly driver: ScannerDriver;
  readonly loaded: LoadedProfile;
  /** ms since the epoch. */
  readonly clock: () => number;
  readonly log: Log;
}

/** A driver whose captures are as the machine's profile says, whatever the driver is. */
export function profiledDriver(options: ProfiledOptions): ScannerDriver {
  return new ProfiledDriver(options);
}

/** Alters each capture between its driver and the lane; everything else is the driver's own. */
class ProfiledDriver implements ScannerDriver {
  readonly #options: ProfiledOptions;
  readonly #frames: CalibrationFrames;
  readonly #age: CalibrationAge;
  /** A machine that does not name itself is the one that its profile describes. */
  readonly #described: ScannerMachine;
  readonly #events = new Listeners<ScannerEvent>();
  #mismatch: string | null = null;
  #uncorrected: string | null = null;

  constructor(options: ProfiledOptions) {
    this.#options = options;
    this.#described = { ...options.loaded.profile.machine, serial: null };
    this.#frames = new CalibrationFrames(options.loaded);
    const maxAgeMs = options.loaded.profile.raw?.maxAge ?? Number.POSITIVE_INFINITY;
    this.#age = new CalibrationAge({ maxAgeMs, setting: "raw.maxAge of the profile" });
  }

  get state(): ScannerState {
    return this.#options.driver.state;
  }

  get machine(): ScannerMachine | null {
    return this.#options.driver.machine ?? this.#described;
  }

  async *captures(): AsyncIterable<Capture> {
    const { driver, log } = this.#options;
    for await (const capture of driver.captures()) {
      const altered = await this.#altered(capture).catch((error: unknown) => {
        log.error(
          { err: error, scanId: capture.scanId },
          "a scan could not be brought into its profile's form",
        );
        return null;
      });
      if (altered === null) await driver.refuse(capture, "SPOOL_FULL", "The scan could not be written");
      else yield altered;
    }
  }

  acknowledge(capture: Capture, scan: Pick<Scan, "scanId">): Promise<void> {
    return this.#options.driver.acknowledge(capture, scan);
  }

  refuse(capture: Capture, code: string, message: string): Promise<void> {
    return this.#options.driver.refuse(capture, code, message);
  }

  result(result: ScanResult): Promise<void> {
    return this.#options.driver.result(result);
  }

  onState(listener: (state: ScannerState) => void): () => void {
    return this.#options.driver.onState(listener);
  }

  onEvent(listener: (event: ScannerEvent) => void): () => void {
    const [own, others] = [this.#events.add(listener), this.#options.driver.onEvent(listener)];
    return () => {
      own();
      others();
    };
  }

  onScanStart(listener: (at: number) => void): () => void {
    return this.#options.driver.onScanStart(listener);
  }

  onScanEnd(listener: (end: ScanEnded) => void): () => void {
    return this.#options.driver.onScanEnd?.(listener) ?? (() => undefined);
  }

  onScanLost(listener: (loss: ScanLost) => void): () => void {
    return this.#options.driver.onScanLost?.(listener) ?? (() => undefined);
  }

  start(): Promise<void> {
    return this.#options.driver.start();
  }

  stop(): Promise<void> {
    return this.#options.driver.stop();
  }

  async #altered(capture: Capture): Promise<Capture> {
    const planes = planeFiles(capture);
    const applied = await applyProfile(capture, this.#options.loaded.profile, this.#frames, planes);
    this.#tellOf(applied);
    const { calibratedAt } = applied;
    // Frames too old still even out the pixels; the level of air has moved since, and is estimated from the image.
    const old = calibratedAt !== null && this.#age.isOld(calibratedAt, this.#options.clock());
    return old ? { ...applied.capture, airLevel: null } : applied.capture;
  }

  #tellOf({ capture, mismatch, uncorrected, calibratedAt }: Applied): void {
    const { clock } = this.#options;
    const { serial } = capture.key;
    const old = calibratedAt === null ? null : this.#age.take(serial, calibratedAt, clock());
    if (old !== null) this.#events.tell(old);
    if (mismatch !== null && mismatch !== this.#mismatch) this.#events.tell(mismatchEvent(mismatch, serial));
    this.#mismatch = mismatch;
    if (uncorrected !== null && uncorrected !== this.#uncorrected)
      this.#events.tell(uncorrectedEvent(uncorrected, serial));
    this.#uncorrected = uncorrected;
  }
}

function mismatchEvent(what: string, serial: string): ScannerEvent {
  return {
    code: "SCANNER_PROFILE_MISMATCH",
    severity: "warning",
    message: `A scan is not what the scanner's profile says: ${what}`,
    remedy:
      "Check that the lane names the profile of this machine, and that the machine's settings were not changed.",
    details: { serial },
  };
}

function uncorrectedEvent(why: string, serial: string): ScannerEvent {
  return {
    code: "CALIBRATION_MISSING",
    severity: "critical",
    message: `Raw counts are analysed as they come: ${why}`,
    remedy:
      "Take dark frames with the X-rays off and air frames with the tunnel empty, as the profile names them.",
    details: { serial },
  };
}
