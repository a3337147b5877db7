import { calibrated } from "../calibration.ts";
import type { Case } from "../case.ts";
import { priceOf } from "../unit-values.ts";
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
  if (own === null || goods === null) return [];
  const price = priceOf(own.stored.declaration, goods, unitValues);
  if (price === null) return [];
  const below = -price.deviations - SPEAKS_FROM;
  if (!(below > 0)) return [];
  const logOdds = calibrated(input.settings, "value", weights.value * Math.min(2, below));
  const { euros, kg, usual } = price;
  const told = (value: number) => Number(value.toPrecision(2));
  const detail = `declared ${told(euros)} EUR for ${mass(kg)}: ${told(euros / kg)} EUR a kg, where goods like these cost about ${told(usual.eurPerKg)}`;
  return [{ source: "value", code: "VALUE_SUSPECT", logOdds, detail }];
}
