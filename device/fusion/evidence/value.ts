import type { GoodsGroup } from "../../../protocols/vocabulary.ts";
import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { declaredEuros } from "../money.ts";
import { netMassOf, type UnitValue, USUAL_UNIT_VALUES } from "../unit-values.ts";
import { type EvidenceRow, mass } from "./row.ts";

/** Standard deviations below the usual price at which a value begins to speak. */
const SPEAKS_FROM = 1.5;

/**
 * The declared value against the usual price of the declared goods: one that lies more than 1.5 standard deviations (of the
 * logarithm) below speaks, by `weights.value` for each further one, at most twice that. A high price is no irregularity; without mass, value or goods
 * nothing can be said.
 */
export function valueEvidence({ own, goods, input }: Case): readonly EvidenceRow[] {
  const { weights, unitValues } = input.settings;
  const declaration = own?.stored.declaration;
  if (declaration === undefined || goods === null || goods.documents || goods.unclear > 0.5) return [];
  const euros = declaredEuros(declaration);
  const kg = netMassOf(declaration);
  const usual = usualPrice([...goods.groups], unitValues);
  if (euros === null || kg === null || usual === null) return [];
  const below = (Math.log(usual.eurPerKg) - Math.log(euros / kg)) / usual.spread - SPEAKS_FROM;
  if (!(below > 0)) return [];
  const logOdds = calibrated(input.settings, "value", weights.value * Math.min(2, below));
  const price = (value: number) => Number(value.toPrecision(2));
  const detail = `declared ${price(euros)} EUR for ${mass(kg)}: ${price(euros / kg)} EUR a kg, where goods like these cost about ${price(usual.eurPerKg)}`;
  return [{ source: "value", code: "VALUE_SUSPECT", logOdds, detail }];
}

/** Of several groups the cheapest: then nothing dear is taken for granted. */
function usualPrice(
  groups: readonly GoodsGroup[],
  own: Readonly<Partial<Record<GoodsGroup, UnitValue>>>,
): UnitValue | null {
  const known = groups.flatMap((group) => own[group] ?? USUAL_UNIT_VALUES[group] ?? []);
  if (known.length === 0 || known.length < groups.length) return null;
  return known.reduce((least, one) => (one.eurPerKg < least.eurPerKg ? one : least));
}
