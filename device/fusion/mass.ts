import type { Declaration } from "../../protocols/declaration.ts";
import type { Analysis, Scan } from "../scan.ts";
import type { FusionSettings } from "./input.ts";

/** The identifier by which a declaration was matched. */
interface IdentifierKey {
  readonly scheme: string;
  readonly value: string;
}

/** A measured mass beside the declared one, kg. */
export interface MassComparison {
  readonly measuredKg: number;
  /** By the lane's scale, or by the image where no scale speaks. */
  readonly by: "scale" | "X-ray";
  readonly declaredKg: number;
  /** The declared mass is that of several pieces: one of them may only not be heavier. */
  readonly pieces: number;
  /** |difference| (or the excess, of several pieces) over the tolerance; ≤ 1 agrees. */
  readonly ratio: number;
  readonly agrees: boolean;
}

/** What a comparison works with. */
export interface MassInput {
  readonly scan: Pick<Scan, "measured" | "trackingAmbiguous">;
  readonly analysis: Pick<Analysis, "xrayMass"> | null;
  readonly settings: Pick<FusionSettings, "massTolerance" | "xrayMassTolerance">;
}

/**
 * Compares the measured mass with the declared gross mass (metric A4): the scale's, else the one by X-ray where that is
 * reliable. null where nothing is declared or measured, where the scale's mass was not stable, or where its reading could not
 * be tied to this item alone: then nothing can be said.
 */
export function compareMass(
  input: MassInput,
  declaration: Declaration,
  matchedBy: IdentifierKey,
): MassComparison | null {
  const measured = measuredMass(input);
  const declaredKg = measured === null ? null : declaredMass(declaration, matchedBy);
  if (measured === null || declaredKg === null) return null;
  const { kg, by, tolerance } = measured;
  const pieces = Math.max(1, declaration.consignment?.packageCount ?? 1);
  const difference = pieces > 1 ? Math.max(0, kg - declaredKg) : Math.abs(kg - declaredKg);
  const ratio = difference / Math.max(tolerance.kg, tolerance.share * declaredKg);
  return { measuredKg: kg, by, declaredKg, pieces, ratio, agrees: pieces === 1 && ratio <= 1 };
}

interface MeasuredMass {
  readonly kg: number;
  readonly by: MassComparison["by"];
  readonly tolerance: { readonly kg: number; readonly share: number };
}

function measuredMass({ scan, analysis, settings }: MassInput): MeasuredMass | null {
  const { massKg, massStable, xrayMassKg, xrayMassReliable } = scan.measured;
  if (massKg !== null) {
    if (!(massKg > 0) || massStable !== true || scan.trackingAmbiguous) return null;
    return { kg: massKg, by: "scale", tolerance: settings.massTolerance };
  }
  const byXray =
    xrayMassKg === null ? analysis?.xrayMass : { kg: xrayMassKg, reliable: xrayMassReliable === true };
  if (byXray == null || !byXray.reliable || !(byXray.kg > 0)) return null;
  return { kg: byXray.kg, by: "X-ray", tolerance: settings.xrayMassTolerance };
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
