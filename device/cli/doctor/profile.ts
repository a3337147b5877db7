import type { LaneConfig } from "../../config/schema.ts";
import { CalibrationFrames, type EnergyName } from "../../profile/frames.ts";
import { readProfile } from "../../profile/load.ts";
import { type Finding, ok, warning } from "./finding.ts";

const HOUR_MS = 3_600_000;

/** The scanner's profile; where it names dark and air frames, whether they make a calibration and how old they are. */
export async function probeProfile(what: string, file: string, now: number): Promise<Finding> {
  const loaded = await readProfile(file);
  const { machine, raw, views } = loaded.profile;
  const name = `${machine.vendor} ${machine.model}`;
  if (raw === undefined) return ok(what, name);
  const frames = new CalibrationFrames(loaded);
  const found: string[] = [];
  let oldest = now;
  for (const { view, frames: named = {} } of views) {
    for (const energy of Object.keys(named) as EnergyName[]) {
      const calibration = await frames.of(view, energy);
      if (calibration === null) continue;
      oldest = Math.min(oldest, calibration.darkAt, calibration.airAt);
      found.push(`view ${view} ${energy} ${calibration.dead.length} dead of ${calibration.pixels} pixels`);
    }
  }
  const hours = Math.round((now - oldest) / HOUR_MS);
  const text = `${name}; frames ${hours} h old: ${found.join(", ")}`;
  if (now - oldest <= raw.maxAge) return ok(what, text);
  return warning(what, text, "Take dark and air frames again with an empty tunnel");
}

/** The profile that a lane's scanner names; null: none. */
export function profileOf({ scanner }: LaneConfig): string | null {
  return "profile" in scanner ? (scanner.profile ?? null) : null;
}
