import type { FusionSettings, FusionWeights } from "./input.ts";
import { DEFAULT_STOP_TERMS } from "./stop-terms.ts";

/**
 * The numbers fusion starts with. None of them is measured in the field: they are cautious starting points, to be fitted
 * on outcomes of full examinations and then set by a profile.
 */
export const DEFAULT_WEIGHTS: FusionWeights = {
  // Odds × 20. Alone it lifts the default prior of 1 % to 17 %: band medium, since goods that need declaring are not
  // alarms by themselves; with a second sign (mass, contents) it reaches high.
  undeclared: 3,
  // Odds × 7.4, reached at 7.4 times the tolerance. A wrong mass is common and mostly innocent.
  mass: 2,
  // Odds × 12 before the discount; the chapter is hard to see in an image (51 % top-1 among 22 categories published).
  contents: 2.5,
  contentsTypical: 0.25,
  // Odds × 2: a piece too many is often a tracking or a keying mistake.
  pieces: 0.7,
  // A gamma alarm is mostly natural (ceramics, potash, medical); neutrons hardly ever are. Either alarms by itself.
  radiation: { gamma: 1.5, neutron: 4 },
  // Poor data is normal, above all from natural persons: a reason to look at the papers, never proof.
  quality: {
    C2: 0.2,
    C3: 0.2,
    C4: 0.15,
    C5: 0.1,
    A1: 0.3,
    A3: 0.3,
    A4: 0.3,
    A6: 0.2,
    K1: 0.1,
    K2: 0.4,
    T1: 0.1,
  },
  // Odds × 2 for a declaration that fails everywhere.
  qualityTotal: 0.7,
};

/** Defaults for everything that the lane's configuration or a profile leaves open. */
export const DEFAULT_SETTINGS: FusionSettings = {
  profile: null,
  // 1 %: published hit rates of random examination lie around 0.5 … 2 %.
  prior: 0.01,
  // medium: five times the prior. high: three full examinations for one find, a rate that officers keep trusting.
  bands: { medium: 0.05, high: 0.3 },
  floor: {},
  thresholds: {},
  roles: { battery: "evidence", liquid: "evidence", currency: "evidence", tobacco: "evidence" },
  reportFrom: 0.02,
  // The image is heard first and in full; what the declaration says beside it depends on it in part (§5.2: start at 0.7).
  discounts: { image: 1, declared: 0.7 },
  // `customs-standards.md` §4.1, A4.
  massTolerance: { kg: 0.1, share: 0.05 },
  stopTerms: DEFAULT_STOP_TERMS,
  weights: DEFAULT_WEIGHTS,
};

/** The settings of a lane: its own words over the defaults. A member given as undefined is left at its default. */
export function fusionSettings(own: Partial<FusionSettings> = {}): FusionSettings {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { ...DEFAULT_SETTINGS, ...given, roles: { ...DEFAULT_SETTINGS.roles, ...own.roles } };
}
