import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { LynceusError } from "../../protocols/errors.ts";
import { type Calibration, calibrate } from "./calibration.ts";
import type { LoadedProfile } from "./load.ts";
import { type Raster, transpose } from "./raster.ts";
import type { ProfileView } from "./schema.ts";

export type EnergyName = "low" | "high" | "single";

interface Kept {
  /** Times and sizes of the files it was made of. */
  readonly of: string;
  readonly calibration: Calibration;
}

/**
 * The calibrations of a machine that delivers raw counts, made of the dark and air frames that its profile names. The files
 * are looked at for each scan and read again when they have changed: whoever calibrates writes them anew.
 */
export class CalibrationFrames {
  readonly #loaded: LoadedProfile;
  readonly #kept = new Map<string, Kept>();

  constructor(loaded: LoadedProfile) {
    this.#loaded = loaded;
  }

  /**
   * The calibration of one view and energy; null where the profile names no frames for it.
   * @throws LynceusError `LYN_CALIBRATION` where they are missing or cannot be used.
   */
  async of(view: number, energy: EnergyName): Promise<Calibration | null> {
    const { profile, folder } = this.#loaded;
    const own = profile.views.find((each) => each.view === view);
    const frames = own?.frames?.[energy];
    if (own === undefined || frames === undefined) return null;
    const [dark, air] = [resolve(folder, frames.dark), resolve(folder, frames.air)];
    const [darkStat, airStat] = [await look(dark), await look(air)];
    const of = JSON.stringify([darkStat, airStat]);
    const key = `${view} ${energy}`;
    const kept = this.#kept.get(key);
    if (kept?.of === of) return kept.calibration;
    const calibration = await this.#make(own, [dark, darkStat.at], [air, airStat.at]);
    this.#kept.set(key, { of, calibration });
    return calibration;
  }

  async #make(
    view: ProfileView,
    [dark, darkAt]: readonly [string, number],
    [air, airAt]: readonly [string, number],
  ): Promise<Calibration> {
    const [darkLines, airLines] = [await this.#lines(dark), await this.#lines(air)];
    if (darkLines.width !== airLines.width)
      throw unusable(`${dark} has ${darkLines.width} pixels along the detector, ${air} ${airLines.width}`);
    return calibrate({
      pixels: airLines.width,
      dark: { samples: darkLines.data as Uint16Array, at: darkAt },
      air: { samples: airLines.data as Uint16Array, at: airAt },
      knownDead: view.deadPixels,
    });
  }

  /** An image of frames as lines: a row is one line of the detector. */
  async #lines(path: string): Promise<Raster> {
    // Only machines with raw counts read images here: the library is loaded for them.
    const { decodeScan } = await import("../image/decode.ts");
    const decoded = await decodeScan({ name: path, files: [path], sidecar: `${path}.none` });
    if (decoded.single === undefined || decoded.bits !== 16)
      throw unusable(`${path} is no 16-bit grey image`);
    const { width, height, single } = decoded;
    const raster: Raster = { width, height, channels: 1, data: single };
    return this.#loaded.profile.raw?.detectorAlong === "width" ? raster : transpose(raster);
  }
}

async function look(path: string): Promise<{ readonly at: number; readonly size: number }> {
  const { mtimeMs, size } = await stat(path).catch((cause: Error) => {
    throw unusable(cause.message, cause);
  });
  return { at: mtimeMs, size };
}

function unusable(why: string, cause?: unknown): LynceusError {
  return new LynceusError("LYN_CALIBRATION", `The detector's calibration cannot be used: ${why}`, {
    remedy:
      "Take dark frames with the X-rays off and air frames with the tunnel empty, as the profile names them",
    ...(cause === undefined ? {} : { cause }),
  });
}
