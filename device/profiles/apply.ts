import { FLOWS, THREAT_CLASSES } from "../../protocols/vocabulary.ts";
import { CALIBRATED_SOURCES, type Calibration } from "../fusion/calibration.ts";
import type { ClassRole, FlowSettings, FusionSettings } from "../fusion/input.ts";
import { stopTerms } from "../fusion/stop-terms.ts";
import type { ReceivedProfile } from "./read.ts";

/**
 * A lane's settings with a profile over them (`mqtt.md`, Profile). What the profile does not name stays the lane's: above all a
 * floor, so that a profile raises alarms and moves thresholds, but never takes a class out of sight. Words of a later version
 * are left out.
 */
export function applyProfile(base: FusionSettings, profile: ReceivedProfile): FusionSettings {
  const roles = { ...base.roles, ...known(THREAT_CLASSES, profile.roles ?? {}) } as FusionSettings["roles"];
  const thresholds = known(THREAT_CLASSES, profile.thresholds ?? {});
  const flows = flowsOf(base, profile);
  const { deMinimisEur, examinationsPerHour } = profile;
  return {
    ...base,
    ...onlyFlow(flows),
    profile: String(profile.version),
    flows,
    roles,
    thresholds: { ...base.thresholds, ...thresholds },
    floor: { ...base.floor, ...floorsOf(thresholds, roles), ...known(THREAT_CLASSES, profile.floor ?? {}) },
    stopTerms: termsOf(profile) ?? base.stopTerms,
    watchList: new Set(profile.watchList?.tokens ?? []),
    hazardShares: { ...base.hazardShares, ...known(THREAT_CLASSES, profile.hazardShares ?? {}) },
    calibration: calibrationOf(profile) ?? base.calibration,
    ...(deMinimisEur === undefined ? {} : { deMinimisEur }),
    ...(examinationsPerHour === undefined ? {} : { examinationsPerHour }),
  };
}

/** The members whose names this version knows. */
function known<Name extends string, Value>(
  names: readonly Name[],
  given: Readonly<Record<string, Value>>,
): Partial<Record<Name, Value>> {
  const kept = names.flatMap((name) => {
    const value = given[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept) as Partial<Record<Name, Value>>;
}

/** What a flow leaves out stays the lane's. */
function flowsOf(
  { prior, bands, randomRate }: FusionSettings,
  { flows }: ReceivedProfile,
): FusionSettings["flows"] {
  const own = Object.entries(known(FLOWS, flows ?? {})).map(([flow, given]) => [
    flow,
    {
      prior: given.prior ?? prior,
      bands: given.bands ?? bands,
      randomRate: given.randomRate ?? randomRate,
    } satisfies FlowSettings,
  ]);
  return Object.fromEntries(own) as FusionSettings["flows"];
}

/** Where a profile speaks of one flow only, an item without a declaration is taken to be of it too. */
function onlyFlow(flows: FusionSettings["flows"]): Partial<FlowSettings> {
  const all = Object.values(flows);
  return all.length === 1 ? { ...all[0] } : {};
}

/** A class that the profile names alarms above its threshold whatever else is known, unless its role is evidence. */
function floorsOf(
  thresholds: Partial<Record<string, number>>,
  roles: Readonly<Partial<Record<string, ClassRole>>>,
): Partial<Record<string, number>> {
  return Object.fromEntries(Object.entries(thresholds).filter(([name]) => roles[name] !== "evidence"));
}

function termsOf({ stopTerms: given, version }: ReceivedProfile): FusionSettings["stopTerms"] | null {
  const named = given !== undefined && "version" in given && !Array.isArray(given.version) ? given : null;
  const lists = (named === null ? given : named["terms"]) as TermLists;
  const name = named === null ? `profile-${version}` : String(named.version);
  if (Array.isArray(lists)) return lists.length === 0 ? null : stopTerms(name, lists);
  const languages = Object.entries(lists ?? {}).filter(([, terms]) => terms.length > 0);
  return languages.length === 0 ? null : stopTerms(name, [], Object.fromEntries(languages));
}

/** In one list, or by language. */
type TermLists = readonly string[] | Readonly<Record<string, readonly string[]>> | undefined;

function calibrationOf({ calibration }: ReceivedProfile): Calibration | null {
  if (calibration === undefined) return null;
  return { name: calibration.name, sources: known(CALIBRATED_SOURCES, calibration.sources) };
}
