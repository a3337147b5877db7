import { THREAT_CLASSES, type ThreatClass } from "../../protocols/vocabulary.ts";
import { FITTED_CALIBRATION } from "./fitted.ts";
import type { FusionSettings, FusionWeights } from "./input.ts";
import { DEFAULT_THRESHOLDS, qualityThresholds } from "./quality-thresholds.ts";
import { DEFAULT_STOP_TERMS } from "./stop-terms.ts";

/**
 * The numbers fusion starts with. None of them is measured in the field: they are cautious starting points, to be fitted
 * on outcomes of full examinations and then set by a profile.
 */
export const DEFAULT_WEIGHTS: FusionWeights = {
  // Odds × 20 for the hazard that these goods were left out: they need declaring, but many an honest sender forgets, and
  // the text may name them in words that the lexicon does not know.
  undeclared: 3,
  // Odds × 7.4, reached at 7.4 times the tolerance: a wrong mass is common and mostly innocent. A right one says little:
  // who hides something can weigh it too.
  mass: { agree: 0.3, differ: 2 },
  // Odds × 12 before the discount; the chapter is hard to see in an image (51 % top-1 among 22 categories published), so
  // that goods which look right are no more than a mild sign.
  contents: { agree: 0.5, differ: 2.5 },
  contentsTypical: 0.15,
  // Odds × 67 after the discount: nobody declares a loaded container empty by mistake, or ships an empty one as loaded, and
  // the image tells the two apart nearly always. What is surely seen as declared says little about what else is wrong.
  load: { agree: 0.5, differ: 6 },
  // Odds × 2 for each standard deviation: cheap things are often just cheap.
  value: 0.7,
  // Odds × 2.2 for each doubling: small businesses and families buy often too.
  splitting: 0.8,
  // Odds × 7: what was sent once is sent again, but many regular things look alike.
  similar: 2,
  // Odds × 12: the authority had a reason to name the party, and knows of most of what it sends.
  watchList: 2.5,
  // Odds × 2.7: on declarations unlike any that it was trained on, the model is little better than chance.
  risk: 1,
  // Odds ÷ 2: an operator's procedures are audited, its single parcels are not.
  trusted: 0.7,
  // Odds × 2: a piece too many is often a tracking or a keying mistake.
  pieces: 0.7,
  // A gamma alarm is mostly natural (ceramics, potash, medical); neutrons hardly ever are. Either alarms by itself.
  radiation: { gamma: 1.5, neutron: 4 },
  // Poor data is normal, above all from natural persons: a reason to look at the papers, never proof. A metric that is not
  // here costs quality (`quality-thresholds.ts`) and accuses nobody.
  quality: {
    C2: 0.2,
    C3: 0.2,
    C4: 0.15,
    C5: 0.1,
    A1: 0.5,
    A2: 0.4,
    A3: 0.3,
    A4: 0.3,
    A6: 0.2,
    K1: 0.1,
    K2: 0.4,
    K4: 0.3,
    T1: 0.1,
  },
  // Odds × 2.7 for a declaration that fails everywhere.
  qualityTotal: 1,
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
  discounts: { image: 1, declared: 0.7, risk: 0.7 },
  // Fitted on a simulated season (`evaluation/report`), each source no more than doubled: a better start than believing every
  // source as it is, and no more than a start. Outcomes propose another, a profile sets it.
  calibration: FITTED_CALIBRATION,
  massTolerance: DEFAULT_THRESHOLDS.massTolerance,
  // Three times the median error of the projection (`device/image/mass.ts`).
  xrayMassTolerance: { kg: 0.2, share: 0.15 },
  stopTerms: DEFAULT_STOP_TERMS,
  // 0.07 for each of the 13 classes leaves a tenth of all irregular items to what no image shows. A site that knows what it
  // finds says so here: a class that is a tenth of its finds has ten times the odds of one that is a hundredth.
  hazardShares: {},
  weights: DEFAULT_WEIGHTS,
  watchList: new Set(),
  unitValues: {},
  // The limit of the EU's customs duty relief, as an example: a national parameter.
  deMinimisEur: 150,
  randomRate: 0,
  flows: {},
  examinationsPerHour: null,
};

/** The settings of a lane: its own words over the defaults. A member given as undefined is left at its default. */
export function fusionSettings(own: Partial<FusionSettings> = {}): FusionSettings {
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const { quality, massTolerance } = own;
  return {
    ...DEFAULT_SETTINGS,
    ...given,
    roles: { ...DEFAULT_SETTINGS.roles, ...own.roles },
    massTolerance: massTolerance ?? qualityThresholds(quality).massTolerance,
  };
}

/** Share of irregular items of a class that `hazardShares` does not name. */
const USUAL_SHARE = 0.07;
/** Part of the prior that all classes together may take; the rest is what no image shows. */
const MOST_SHARE = 1;

/** The chance, before anything is known, that an item is irregular by an object of this class. */
export function hazardPrior(threatClass: ThreatClass, { hazardShares, prior }: FusionSettings): number {
  const total = THREAT_CLASSES.reduce((sum, name) => sum + (hazardShares[name] ?? USUAL_SHARE), 0);
  const share = hazardShares[threatClass] ?? USUAL_SHARE;
  return prior * share * Math.min(1, MOST_SHARE / total);
}
