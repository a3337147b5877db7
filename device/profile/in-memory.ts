import { LynceusError } from "../../protocols/errors.ts";
import type { AnalysableScan, ViewPlanes } from "../inference/planes.ts";
import type { Energy, PlaneRecord, ScanView } from "../scan.ts";
import { CalibrationAge } from "./age.ts";
import { applyProfile } from "./apply.ts";
import { CalibrationFrames } from "./frames.ts";
import type { LoadedProfile } from "./load.ts";
import type { Raster } from "./raster.ts";

/** A scan in its profile's form. */
export interface ProfiledScan {
  readonly scan: AnalysableScan;
  readonly views: readonly ScanView[];
  /** What is not as the profile says, plain English; empty where all is. */
  readonly warnings: readonly string[];
}

const ENERGIES = [
  ["low", 0],
  ["high", 1],
  ["single", 2],
  ["rgb", 2],
] as const satisfies readonly (readonly [keyof ViewPlanes, Energy])[];

/** Brings scans of image files into the form that a scanner profile says, as a lane that names it does. */
export class ProfiledImages {
  readonly #loaded: LoadedProfile;
  readonly #frames: CalibrationFrames;
  readonly #age: CalibrationAge;

  constructor(loaded: LoadedProfile) {
    this.#loaded = loaded;
    this.#frames = new CalibrationFrames(loaded);
    const maxAgeMs = loaded.profile.raw?.maxAge ?? Number.POSITIVE_INFINITY;
    this.#age = new CalibrationAge({ maxAgeMs, setting: "raw.maxAge of the profile" });
  }

  /** `now`: ms since the epoch. @throws LynceusError of a plane that cannot be brought into that form. */
  async apply(scan: AnalysableScan, views: readonly ScanView[], now: number): Promise<ProfiledScan> {
    const rasters = new Map(scan.views.flatMap(rastersOf));
    const planes = {
      read: async ({ file }: PlaneRecord) => rasterAt(rasters, file),
      write: async (record: PlaneRecord, raster: Raster) => {
        rasters.set(record.file, raster);
        return { ...record, width: raster.width, height: raster.height, bytes: raster.data.byteLength };
      },
    };
    const records = [...rasters].map(([file, raster]) => recordOf(file, raster));
    const given = { views, planes: records, airLevel: scan.airLevel };
    const applied = await applyProfile(given, this.#loaded.profile, this.#frames, planes);
    const { capture, mismatch, uncorrected, calibratedAt } = applied;
    const old = calibratedAt === null ? null : this.#age.take("", calibratedAt, now);
    const isOld = calibratedAt !== null && this.#age.isOld(calibratedAt, now);
    return {
      scan: {
        ...scan,
        views: capture.views.map((view) => planesOf(view, capture.planes, rasters)),
        // As on a lane: frames too old still even out the pixels, the level of air is estimated from the image.
        airLevel: isOld ? null : capture.airLevel,
      },
      views: capture.views,
      warnings: [mismatch, uncorrected, old?.message].filter((text) => typeof text === "string"),
    };
  }
}

/** The planes of a view, each by a name that stands for its file. */
function rastersOf(view: ViewPlanes): readonly (readonly [string, Raster])[] {
  const { width, height } = view;
  return ENERGIES.flatMap(([name, energy]) => {
    const data = view[name];
    const channels = name === "rgb" ? (3 as const) : (1 as const);
    return data === undefined ? [] : [[`${view.view}.${energy}`, { width, height, channels, data }] as const];
  });
}

function recordOf(file: string, { width, height, channels, data }: Raster): PlaneRecord {
  const [view, energy] = file.split(".").map(Number);
  const format = channels === 3 ? "rgb8" : "u16";
  const bytes = data.byteLength;
  return { view: view!, energy: energy as Energy, width, height, file, layout: "rows", format, bytes };
}

function planesOf(
  { view, width, height, pixelPitchMm }: ScanView,
  records: readonly PlaneRecord[],
  rasters: ReadonlyMap<string, Raster>,
): ViewPlanes {
  const own = records.filter((record) => record.view === view);
  const named = own.map(({ file, energy, format }) => {
    const { data } = rasterAt(rasters, file);
    const name = format === "rgb8" ? "rgb" : energy === 0 ? "low" : energy === 1 ? "high" : "single";
    return [name, data] as const;
  });
  return { view, width, height, pixelPitchMm, ...Object.fromEntries(named) };
}

function rasterAt(rasters: ReadonlyMap<string, Raster>, file: string): Raster {
  const raster = rasters.get(file);
  if (raster !== undefined) return raster;
  throw new LynceusError("LYN_PLANE_INVALID", `There is no plane ${file}`, {
    remedy: "Run again with LYNCEUS_DEBUG=1 for the details, and report them.",
  });
}
