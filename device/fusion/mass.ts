import type { Declaration } from "../../protocols/declaration.ts";
import type { Scan } from "../scan.ts";
import type { FusionSettings } from "./input.ts";

/** The identifier by which a declaration was matched. */
interface IdentifierKey {
  readonly scheme: string;
  readonly value: string;
}

/** A measured mass beside the declared one, kg. */
export interface MassComparison {
  readonly measuredKg: number;
  readonly declaredKg: number;
  /** The declared mass is that of several pieces: one of them may only not be heavier. */
  readonly pieces: number;
  /** |difference| (or the excess, of several pieces) over the tolerance; ≤ 1 agrees. */
  readonly ratio: number;
  readonly agrees: boolean;
}

/**
 * Compares the scale's mass with the declared gross mass (metric A4). null where either is missing, where the mass was not
 * stable, or where the reading could not be tied to this item alone: then nothing can be said.
 */
export function compareMass(
  scan: Pick<Scan, "measured" | "trackingAmbiguous">,
  declaration: Declaration,
  matchedBy: IdentifierKey,
  tolerance: FusionSettings["massTolerance"],
): MassComparison | null {
  const { massKg, massStable } = scan.measured;
  if (massKg === null || !(massKg > 0) || massStable !== true || scan.trackingAmbiguous) return null;
  const declaredKg = declaredMass(declaration, matchedBy);
  if (declaredKg === null) return null;
  const pieces = Math.max(1, declaration.consignment?.packageCount ?? 1);
  const difference = pieces > 1 ? Math.max(0, massKg - declaredKg) : Math.abs(massKg - declaredKg);
  const ratio = difference / Math.max(tolerance.kg, tolerance.share * declaredKg);
  return { measuredKg: massKg, declaredKg, pieces, ratio, agrees: pieces === 1 && ratio <= 1 };
}

/** Gross mass of what goes over the scale, kg: of the container or ULD with its load, else of the consignment. */
function declaredMass(declaration: Declaration, matchedBy: IdentifierKey): number | null {
  if (matchedBy.scheme === "ISO6346" || matchedBy.scheme === "ULD") {
    return (
      declaration.equipment?.find((one) => one.id.replace(/[\s-]/g, "") === matchedBy.value)?.vgmKg ?? null
    );
  }
  const total = declaration.consignment?.grossMassKg;
  if (total !== undefined) return total > 0 ? total : null;
  const items = declaration.items ?? [];
  if (items.length === 0 || (declaration.itemsTotal ?? items.length) > items.length) return null;
  const sum = items.reduce((kg, item) => kg + (item.grossMassKg ?? Number.NaN), 0);
  return sum > 0 ? sum : null;
}
