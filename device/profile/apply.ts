import { isLynceusError, LynceusError } from "../../protocols/errors.ts";
import type { Capture, Energy, PlaneRecord, ScanView } from "../scan.ts";
import { type Calibration, correct } from "./calibration.ts";
import type { CalibrationFrames, EnergyName } from "./frames.ts";
import { recolour } from "./palette.ts";
import { crop, inBatches, mapped, orient, type Raster, resample, sampleTable, transpose } from "./raster.ts";
import type { ProfileView, ScannerProfile } from "./schema.ts";

const NAMES: Readonly<Record<Energy, EnergyName>> = { 0: "low", 1: "high", 2: "single" };

/** What a profile changes of a scan. */
export type Shaped = Pick<Capture, "views" | "planes" | "airLevel">;

/** Where the planes of a scan are. */
export interface PlaneAccess {
  read(record: PlaneRecord): Promise<Raster>;
  /** In place of what was there. */
  write(record: PlaneRecord, raster: Raster): Promise<PlaneRecord>;
}

/** What applying a profile to a scan found. */
export interface Applied<Scan extends Shaped = Capture> {
  readonly capture: Scan;
  /** Where the scan is not what the profile says; null where it is. */
  readonly mismatch: string | null;
  /** Why raw counts stayed raw; null where they did not. */
  readonly uncorrected: string | null;
  /** Of the oldest frame that a plane was corrected by, ms since the epoch; null where none was. */
  readonly calibratedAt: number | null;
}

interface Planes {
  readonly records: readonly PlaneRecord[];
  readonly corrected: boolean;
  readonly calibratedAt: number | null;
  readonly uncorrected: string | null;
}

/** Counts as stored are corrected, turned, cropped, coloured and resampled as the profile says. */
export async function applyProfile<Scan extends Shaped>(
  capture: Scan,
  profile: ScannerProfile,
  frames: CalibrationFrames,
  access: PlaneAccess,
): Promise<Applied<Scan>> {
  const planes = await planesOf(capture, profile, frames, access);
  const views = capture.views.map((view) => viewOf(view, planes.records, profile));
  const { corrected, calibratedAt, uncorrected } = planes;
  const mismatch = mismatchOf(capture, profile);
  const airLevel = corrected ? (profile.raw?.airLevel ?? null) : airLevelOf(capture, profile);
  return {
    capture: {
      ...capture,
      views,
      planes: planes.records,
      // Raw counts that could not be corrected have no air level: it is estimated from the image, which says so.
      airLevel: uncorrected === null ? airLevel : null,
    },
    mismatch,
    uncorrected,
    calibratedAt,
  };
}

function airLevelOf({ airLevel }: Shaped, profile: ScannerProfile): number | null {
  if (profile.airLevel !== undefined) return profile.airLevel;
  if (airLevel === null) return null;
  const { fullScale, inverted } = profile.quirks;
  return inverted ? null : Math.min(65_535, (airLevel * 65_535) / fullScale);
}

async function planesOf(
  capture: Shaped,
  profile: ScannerProfile,
  frames: CalibrationFrames,
  access: PlaneAccess,
): Promise<Planes> {
  const records: PlaneRecord[] = [];
  const times: number[] = [];
  let uncorrected: string | null = null;
  let corrected = 0;
  for (const record of capture.planes) {
    const view = profile.views.find((each) => each.view === record.view);
    const energy = profile.quirks.exchangedEnergies ? exchanged(record.energy) : record.energy;
    const named = { ...record, energy };
    if (!changesPixels(profile, view)) {
      records.push(named);
      continue;
    }
    let raster = await access.read(record);
    const done = await correctedRaster(raster, profile, frames, named);
    if (typeof done === "string") uncorrected = done;
    else if (done !== null) {
      raster = done.raster;
      times.push(done.calibratedAt);
      corrected += 1;
    }
    const pitch = capture.views.find((each) => each.view === record.view)?.pixelPitchMm ?? null;
    records.push(await access.write(named, await shaped(raster, profile, view, pitch)));
  }
  return {
    records: records.toSorted((a, b) => a.view - b.view || a.energy - b.energy),
    corrected: corrected > 0,
    calibratedAt: times.length === 0 ? null : Math.min(...times),
    uncorrected,
  };
}

function exchanged(energy: Energy): Energy {
  return energy === 2 ? 2 : energy === 0 ? 1 : 0;
}

function changesPixels(profile: ScannerProfile, view: ProfileView | undefined): boolean {
  const { quirks, palette, resample: common, raw } = profile;
  const { crop: edges, inverted, fullScale } = quirks;
  const turned = view !== undefined && (view.orientation.turn !== 0 || view.orientation.mirror);
  const cropped = edges.left + edges.right + edges.top + edges.bottom > 0;
  const sampled = inverted || fullScale !== 65_535;
  return turned || cropped || sampled || [palette, common, raw].some((each) => each !== undefined);
}

/** The plane in counts; null where it came so, in words why it stays raw. */
async function correctedRaster(
  raster: Raster,
  { raw }: ScannerProfile,
  frames: CalibrationFrames,
  record: PlaneRecord,
): Promise<{ readonly raster: Raster; readonly calibratedAt: number } | string | null> {
  if (raw === undefined || raster.channels !== 1) return null;
  try {
    const calibration = await frames.of(record.view, NAMES[record.energy]);
    if (calibration === null) return null;
    const across = raw.detectorAlong === "width";
    const lines = across ? raster : await transpose(raster);
    const done = await correctedLines(lines, calibration, raw.airLevel);
    const calibratedAt = Math.min(calibration.darkAt, calibration.airAt);
    return { raster: across ? done : await transpose(done), calibratedAt };
  } catch (error) {
    if (
      isLynceusError(error, "LYN_CALIBRATION", "LYN_IMAGE_UNREADABLE", "LYN_IMAGE_FORMAT", "LYN_IMAGE_SIZE")
    )
      return error.message;
    throw error;
  }
}

/** Rows are lines of the detector. */
async function correctedLines(lines: Raster, calibration: Calibration, airLevel: number): Promise<Raster> {
  const { width, height } = lines;
  const raw = lines.data as Uint16Array;
  const data = new Uint16Array(raw.length);
  if (width !== calibration.pixels)
    throw new LynceusError(
      "LYN_CALIBRATION",
      `The detector's calibration cannot be used: it is of ${calibration.pixels} pixels, the scan has ${width}`,
      { remedy: "Take dark and air frames with the settings of the scans; check `raw.detectorAlong`." },
    );
  await inBatches(height, width, (from, to) => {
    data.set(correct(raw.subarray(from * width, to * width), calibration, airLevel), from * width);
  });
  return { ...lines, data };
}

/** Everything that comes after the counts: samples, edges, place, colours, pixel size. */
async function shaped(
  raster: Raster,
  profile: ScannerProfile,
  view: ProfileView | undefined,
  pitch: ScanView["pixelPitchMm"],
): Promise<Raster> {
  const { quirks, palette } = profile;
  let shape = raster;
  if (shape.channels === 1 && (quirks.inverted || quirks.fullScale !== 65_535))
    shape = await mapped(shape, sampleTable(quirks));
  if (view !== undefined) shape = await orient(shape, view.orientation);
  shape = await crop(shape, quirks.crop);
  if (palette !== undefined) shape = await recolour(shape, palette);
  const factor = factorOf(profile, view, pitch);
  return factor === null ? shape : resample(shape, factor);
}

/** New pixels over old ones along each side; null where nothing is resampled or the pitch is not known. */
function factorOf(
  profile: ScannerProfile,
  view: ProfileView | undefined,
  pitch: ScanView["pixelPitchMm"],
): { x: number; y: number } | null {
  const own = pitchOf(pitch, view);
  if (profile.resample === undefined || own === null) return null;
  const { pitchMm } = profile.resample;
  return { x: own.x / pitchMm, y: own.y / pitchMm };
}

/** The size of a stored pixel in the plane of the goods, before it is resampled. */
function pitchOf(stated: ScanView["pixelPitchMm"], view: ProfileView | undefined): ScanView["pixelPitchMm"] {
  const { pixelPitchMm, pitchAt, geometry, orientation } = view ?? {};
  if (pixelPitchMm !== undefined) {
    // The belt carries goods past the detector as they are; only along the detector the fan shows them larger.
    const share =
      pitchAt === "detector" && geometry ? geometry.sourceToBeltMm / geometry.sourceToDetectorMm : 1;
    return { x: pixelPitchMm.x, y: pixelPitchMm.y * share };
  }
  const sideways = orientation?.turn === 90 || orientation?.turn === 270;
  return stated !== null && sideways ? { x: stated.y, y: stated.x } : stated;
}

function viewOf(view: ScanView, records: readonly PlaneRecord[], profile: ScannerProfile): ScanView {
  const own = profile.views.find((each) => each.view === view.view);
  const planes = records.filter((each) => each.view === view.view);
  const pitch = pitchOf(view.pixelPitchMm, own);
  const common = profile.resample;
  const width = planes[0]?.width ?? view.width;
  const height = planes[0]?.height ?? view.height;
  return {
    ...view,
    name: own?.name ?? view.name,
    width,
    height,
    pixelPitchMm: common !== undefined && pitch !== null ? { x: common.pitchMm, y: common.pitchMm } : pitch,
  };
}

/** Where a scan is not of the machine that the profile describes, plain English. */
function mismatchOf({ views, planes }: Shaped, profile: ScannerProfile): string | null {
  for (const expected of profile.views) {
    const view = views.find((each) => each.view === expected.view);
    if (view === undefined) return `view ${expected.view} is missing`;
    const energies = view.energies.map((energy) => NAMES[energy]);
    if (expected.energies?.some((energy) => !energies.includes(energy)))
      return `view ${view.view} has ${energies.join(" and ")}, not ${expected.energies.join(" and ")}`;
    const { detectorPixels } = expected;
    const plane = planes.find((each) => each.view === view.view);
    const sides = plane === undefined ? [] : [plane.width, plane.height];
    if (detectorPixels !== undefined && plane !== undefined && !sides.includes(detectorPixels))
      return `view ${view.view} has ${plane.width} × ${plane.height} pixels, none of them ${detectorPixels}`;
  }
  const unknown = views.find(({ view }) => profile.views.every((each) => each.view !== view));
  return unknown !== undefined && profile.views.length > 0
    ? `view ${unknown.view} is not in the profile`
    : null;
}
